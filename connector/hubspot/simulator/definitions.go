package simulator

import (
	"fmt"
	"strings"
)

// definitions returns the property definitions of a type in the form that define reads.
func definitions(typ string) string {
	switch typ {
	case Contacts:
		return contactPeople + contactMarketing + contactSales + contactStages() + contactFiller()
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

func contactStages() string {
	var b strings.Builder
	for _, s := range []string{"subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist", "other"} {
		fmt.Fprintf(&b, "hs_lifecyclestage_%s_date datetime date contactinformation r\n", s)
		b.WriteString(stageDates(s))
	}
	return b.String()
}

// stageDates are the calculated properties of one lifecycle stage (hubspot-api 6.1).
func stageDates(stage string) string {
	return strings.ReplaceAll(`hs_v2_date_entered_% datetime date contactlcs rc
hs_v2_date_exited_% datetime date contactlcs rc
hs_v2_latest_time_in_% number number contactlcs rch
hs_v2_cumulative_time_in_% number number contactlcs rch
`, "%", stage)
}

// contactFiller brings the account to the size of a real one: about 400
// definitions, most of them read-only, a quarter hidden.
func contactFiller() string {
	var b strings.Builder
	row := func(format string, n int) {
		for i := range n {
			fmt.Fprintf(&b, format+"\n", i+1)
		}
	}
	row("hs_analytics_event_metric_%02d number number analyticsinformation r", 12)
	row("hs_calculated_signal_%02d number calculation_equation contactinformation rch", 12)
	row("hs_social_channel_%02d_clicks number number socialmediainformation r", 10)
	row("hs_ads_form_field_%02d string text facebook_ads_properties h", 14)
	row("hs_conversion_detail_%02d datetime date conversioninformation r", 8)
	row("hs_rollup_figure_%02d number calculation_rollup deal_information rc", 6)
	row("hs_internal_state_%02d string text contactinformation rh", 50)
	row("hs_internal_time_%02d datetime date contactinformation rh", 36)
	row("survey_answer_%02d string textarea contactinformation f", 10)
	row("event_attended_%02d bool booleancheckbox contactinformation f", 8)
	row("product_interest_%02d enumeration checkbox contactinformation f basic,plus,enterprise", 6)
	return b.String()
}
