package hubspot

import "leadsync/connector"

// Names are HubSpot's names of the properties that every account has and leadsync needs (hubspot-api 5.6, 6, 8, 9.1).
func Names() connector.Names {
	return connector.Names{
		Stage: "lifecyclestage", Status: "hs_lead_status", Owner: "hubspot_owner_id",
		FirstName: "firstname", LastName: "lastname", Email: "email", Company: "company",
		CompanyID: "associatedcompanyid", MergedIDs: "hs_merged_object_ids", CompanyName: "name", CompanyStage: "lifecyclestage", ActivityTime: "hs_timestamp",
		DealStage: "dealstage", DealPipeline: "pipeline", DealClosed: "hs_is_closed", DealWon: "hs_is_closed_won", DealOwner: "hubspot_owner_id",
		DealAmount: "amount", DealHomeAmount: "amount_in_home_currency", DealClosedAt: "closedate", DealLostReason: "closed_lost_reason",
		TaskKind: "hs_task_type", TaskStatus: "hs_task_status", TaskOwner: "hubspot_owner_id", TaskPriority: "hs_task_priority", TaskNew: "NOT_STARTED", TaskDone: "COMPLETED",
		MeetingOutcome: "hs_meeting_outcome", MeetingOff: "CANCELED", Sequence: "hs_sequences_is_enrolled",
		Submissions: "num_conversion_events", PageVisits: "hs_analytics_num_page_views", VisitEvent: "e_visited_page",
		Source: "hs_object_source", Imported: "IMPORT", Integrated: "INTEGRATION",
	}
}
