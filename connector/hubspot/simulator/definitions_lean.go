package simulator

import "strings"

// leanContact names HubSpot's own properties of contacts that a lean account has, besides those of the stages: what this
// package fills, and what models and people of simulations use.
const leanContact = `
address annualrevenue associatedcompanyid city closedate company country createdate email
engagements_last_meeting_booked fax first_conversion_date first_conversion_event_name first_deal_created_date
firstname hs_all_contact_vids hs_analytics_first_timestamp hs_analytics_first_url hs_analytics_first_visit_timestamp
hs_analytics_last_timestamp hs_analytics_last_url hs_analytics_last_visit_timestamp hs_analytics_num_page_views
hs_analytics_num_visits hs_analytics_source hs_buying_role hs_calculated_merged_vids hs_createdate
hs_currently_enrolled_in_prospecting_agent hs_email_bad_address hs_email_bounce hs_email_click hs_email_delivered
hs_email_domain hs_email_first_click_date hs_email_first_open_date hs_email_first_reply_date
hs_email_first_send_date hs_email_hard_bounce_reason_enum hs_email_last_click_date
hs_email_last_open_date hs_email_last_reply_date hs_email_last_send_date hs_email_open hs_email_optout
hs_email_replied hs_email_sends_since_last_engagement hs_is_contact hs_is_unworked hs_language
hs_last_sales_activity_date hs_last_sales_activity_timestamp hs_last_sales_activity_type hs_lastmodifieddate
hs_latest_meeting_activity hs_lead_status hs_legal_basis hs_marketable_status
hs_membership_has_accessed_private_content hs_merged_object_ids hs_object_id hs_object_source hs_object_source_id
hs_object_source_label hs_pipeline hs_registered_member hs_sa_first_engagement_date
hs_sa_first_engagement_object_type hs_sales_email_last_clicked hs_sales_email_last_opened hs_sales_email_last_replied
hs_sequences_is_enrolled hs_time_to_first_engagement hs_unique_creation_key hubspot_owner_assigneddate
hubspot_owner_id hubspotscore industry jobtitle lastmodifieddate lastname lifecyclestage message mobilephone
notes_last_contacted notes_last_updated notes_next_activity_date num_associated_deals num_contacted_notes
num_conversion_events num_notes num_unique_conversion_events numemployees phone recent_conversion_date
recent_conversion_event_name recent_deal_amount recent_deal_close_date state total_revenue website
`

// lean keeps of the definitions of contacts those that a lean account has.
func lean(definitions string) string {
	kept := map[string]bool{}
	for name := range strings.FieldsSeq(leanContact) {
		kept[name] = true
	}
	var b strings.Builder
	for line := range strings.Lines(definitions) {
		if name, _, _ := strings.Cut(line, " "); kept[name] || strings.HasPrefix(name, "hs_v2_") {
			b.WriteString(line)
		}
	}
	return b.String()
}
