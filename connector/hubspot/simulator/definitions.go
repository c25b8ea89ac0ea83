package simulator

import "strings"

// definitions returns the property definitions of a type in the form that define reads.
func definitions(typ string) string {
	switch typ {
	case Contacts:
		return contactInformation + contactEngagement + contactMarketing + contactSocial + contactStages()
	case Companies:
		return companyDefinitions + commonDefinitions
	case Deals:
		return dealDefinitions + commonDefinitions
	case Calls:
		return callDefinitions + activityDefinitions
	case Emails:
		return emailDefinitions + activityDefinitions
	case Meetings:
		return meetingDefinitions + activityDefinitions
	case Notes:
		return noteDefinitions + activityDefinitions
	case Tasks:
		return taskDefinitions + activityDefinitions
	case Communications:
		return communicationDefinitions + activityDefinitions
	}
	return ""
}

// contactStages are the figures of every default stage, and the two about the
// present one, which are younger than the recording (hubspot-api 6.1).
func contactStages() string {
	var b strings.Builder
	for _, s := range []string{"subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist", "other"} {
		b.WriteString(strings.ReplaceAll(`hs_lifecyclestage_%_date datetime date contactinformation rh
hs_date_entered_% datetime calculation_read_time contactinformation rh
hs_date_exited_% datetime calculation_read_time contactinformation rh
hs_time_in_% number calculation_read_time contactinformation rh
`, "%", s))
		b.WriteString(stageDates(s))
	}
	b.WriteString(`hs_v2_date_entered_current_stage datetime date contactlcs r
hs_v2_time_in_current_stage number number contactlcs r
`)
	return b.String()
}

// stageDates are the calculated properties of one lifecycle stage (hubspot-api 6.1).
func stageDates(stage string) string {
	return strings.ReplaceAll(`hs_v2_date_entered_% datetime date contactlcs r
hs_v2_date_exited_% datetime date contactlcs r
hs_v2_latest_time_in_% number number contactlcs r
hs_v2_cumulative_time_in_% number number contactlcs r
`, "%", stage)
}
