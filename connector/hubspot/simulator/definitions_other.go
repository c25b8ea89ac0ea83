package simulator

// Definitions of the other types: what hubspot-api 8 and 9 name and what a real
// account shows besides.
const commonDefinitions = `hs_object_id number number OBJ r
createdate datetime date OBJ r
hs_createdate datetime date OBJ rh
hs_lastmodifieddate datetime date OBJ r
hubspot_owner_id enumeration select OBJ o
hubspot_owner_assigneddate datetime date OBJ r
hubspot_team_id enumeration select OBJ rx
hs_object_source string text OBJ rh
hs_object_source_id string text OBJ rh
hs_object_source_label enumeration select OBJ rx
hs_merged_object_ids enumeration checkbox OBJ rxh
hs_created_by_user_id number number OBJ r
hs_updated_by_user_id number number OBJ r
notes_last_contacted datetime date OBJ r
notes_last_updated datetime date OBJ r
num_notes number number OBJ r
`

const companyDefinitions = `name string text companyinformation f
domain string text companyinformation f
website string text companyinformation f
phone string phonenumber companyinformation f
address string text companyinformation f
city string text companyinformation f
zip string text companyinformation f
state string text companyinformation f
country string text companyinformation f
hs_country_code string text companyinformation -
industry enumeration select companyinformation f ACCOUNTING=Accounting,AUTOMOTIVE=Automotive,BANKING=Banking,BIOTECHNOLOGY=Biotechnology,CHEMICALS=Chemicals,COMPUTER_SOFTWARE=Computer_Software,CONSTRUCTION=Construction,CONSUMER_GOODS=Consumer_Goods,EDUCATION_MANAGEMENT=Education_Management,ELECTRICAL_ELECTRONIC_MANUFACTURING=Electrical/Electronic_Manufacturing,FINANCIAL_SERVICES=Financial_Services,FOOD_PRODUCTION=Food_Production,GOVERNMENT_ADMINISTRATION=Government_Administration,HOSPITAL_HEALTH_CARE=Hospital_&_Health_Care,INDUSTRIAL_AUTOMATION=Industrial_Automation,INFORMATION_TECHNOLOGY_AND_SERVICES=Information_Technology_and_Services,INSURANCE=Insurance,INTERNET=Internet,LOGISTICS_AND_SUPPLY_CHAIN=Logistics_and_Supply_Chain,MACHINERY=Machinery,MANAGEMENT_CONSULTING=Management_Consulting,MARKETING_AND_ADVERTISING=Marketing_and_Advertising,MECHANICAL_OR_INDUSTRIAL_ENGINEERING=Mechanical_or_Industrial_Engineering,MEDICAL_DEVICES=Medical_Devices,NON_PROFIT_ORGANIZATION_MANAGEMENT=Non-Profit_Organization_Management,PHARMACEUTICALS=Pharmaceuticals,REAL_ESTATE=Real_Estate,RENEWABLES_ENVIRONMENT=Renewables_&_Environment,RETAIL=Retail,TELECOMMUNICATIONS=Telecommunications,TEXTILES=Textiles,TRANSPORTATION_TRUCKING_RAILROAD=Transportation/Trucking/Railroad,UTILITIES=Utilities,WHOLESALE=Wholesale
numberofemployees number number companyinformation f
annualrevenue number number companyinformation f
description string textarea companyinformation f
founded_year string text companyinformation f
lifecyclestage enumeration radio companyinformation fx subscriber,lead,marketingqualifiedlead=Marketing_Qualified_Lead,salesqualifiedlead=Sales_Qualified_Lead,opportunity,customer,evangelist,other
hs_lead_status enumeration radio companyinformation f NEW=New,OPEN=Open,IN_PROGRESS=In_Progress,OPEN_DEAL=Open_Deal,UNQUALIFIED=Unqualified,ATTEMPTED_TO_CONTACT=Attempted_to_Contact,CONNECTED=Connected,BAD_TIMING=Bad_Timing
type enumeration select companyinformation f PROSPECT=Prospect,PARTNER=Partner,RESELLER=Reseller,VENDOR=Vendor,OTHER=Other
hs_ideal_customer_profile enumeration select companyinformation - tier_1,tier_2,tier_3
is_public bool booleancheckbox companyinformation -
num_associated_contacts number calculation_rollup companyinformation rc
num_associated_deals number calculation_rollup companyinformation rc
`

const dealDefinitions = `dealname string text dealinformation f
dealstage enumeration radio dealinformation fx
pipeline enumeration select dealinformation fx
amount number number dealinformation f
closedate datetime date dealinformation f
dealtype enumeration radio dealinformation f newbusiness=New_Business,existingbusiness=Existing_Business
description string textarea dealinformation f
deal_currency_code enumeration select dealinformation - EUR,USD,GBP,CHF
hs_priority enumeration select dealinformation - low,medium,high
hs_next_step string text dealinformation -
closed_lost_reason string textarea dealinformation -
closed_won_reason string textarea dealinformation -
hs_is_closed bool calculation_equation dealinformation rc
hs_is_closed_won bool calculation_equation dealinformation rc
hs_is_closed_lost bool calculation_equation dealinformation rc
hs_deal_stage_probability number calculation_equation dealinformation rc
hs_v2_date_entered_current_stage datetime calculation_read_time dealinformation rc
num_associated_contacts number calculation_rollup dealinformation rc
`

const activityDefinitions = `hs_object_id number number OBJ r
hs_createdate datetime date OBJ r
hs_lastmodifieddate datetime date OBJ r
hs_timestamp datetime date OBJ f
hubspot_owner_id enumeration select OBJ o
hubspot_owner_assigneddate datetime date OBJ r
hubspot_team_id enumeration select OBJ rx
hs_object_source string text OBJ rh
hs_object_source_id string text OBJ rh
hs_object_source_label enumeration select OBJ rx
hs_merged_object_ids enumeration checkbox OBJ rxh
hs_created_by number number OBJ r
hs_modified_by number number OBJ r
hs_activity_type enumeration select OBJ x
hs_attachment_ids enumeration checkbox OBJ x
hs_unique_creation_key string text OBJ rh
hs_body_preview string text OBJ rh
`

const callDefinitions = `hs_call_title string text call f
hs_call_body string textarea call f
hs_call_disposition enumeration select call x
hs_call_direction enumeration select call f INBOUND=Inbound,OUTBOUND=Outbound
hs_call_status enumeration select call f BUSY,CALLING_CRM_USER,CANCELED,COMPLETED,CONNECTING,FAILED,IN_PROGRESS,MISSED,NO_ANSWER,QUEUED,RINGING
hs_call_duration number number call f
hs_call_from_number string text call f
hs_call_to_number string text call f
hs_call_recording_url string text call f
`

const emailDefinitions = `hs_email_subject string text email f
hs_email_text string textarea email f
hs_email_html string textarea email f
hs_email_direction enumeration select email f EMAIL,INCOMING_EMAIL,FORWARDED_EMAIL,DRAFT_EMAIL
hs_email_status enumeration select email f SENT,BOUNCED,FAILED,SCHEDULED,SENDING
hs_email_open_count number number email r
hs_email_click_count number number email r
hs_email_reply_count number number email r
`

const meetingDefinitions = `hs_meeting_title string text meeting f
hs_meeting_body string textarea meeting f
hs_internal_meeting_notes string textarea meeting f
hs_meeting_location string text meeting f
hs_meeting_external_url string text meeting f
hs_meeting_outcome enumeration select meeting f SCHEDULED,COMPLETED,RESCHEDULED,NO_SHOW,CANCELED
hs_meeting_start_time datetime date meeting f
hs_meeting_end_time datetime date meeting f
`

const noteDefinitions = `hs_note_body string textarea note f
`

const taskDefinitions = `hs_task_subject string text task f
hs_task_body string textarea task f
hs_task_status enumeration select task f NOT_STARTED,IN_PROGRESS,WAITING,COMPLETED,DEFERRED
hs_task_priority enumeration select task f NONE,LOW,MEDIUM,HIGH
hs_task_type enumeration select task f TODO,CALL,EMAIL,LINKED_IN_MESSAGE,LINKED_IN_CONNECT
hs_task_reminders string text task f
hs_queue_membership_ids enumeration checkbox task x
hs_task_completion_date datetime date task r
hs_task_is_completed bool calculation_equation task rc
`

const communicationDefinitions = `hs_communication_channel_type enumeration select communication f SMS,WHATS_APP,LINKEDIN_MESSAGE
hs_communication_logged_from enumeration select communication f CRM
hs_communication_body string textarea communication f
`
