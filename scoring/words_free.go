package scoring

import "strings"

// FreeMail are the domains of the list of words free_mail that needs no declaration: domains where anybody has
// an address.
func FreeMail() []string { return strings.Fields(freeMailDomains) }
