package scoring

// ReasonCode is a constant that names why; the same word stands in the database, the metrics, explain and
// the documentation. Sentences are rendered late, in English or German.
type ReasonCode string

// Reason is a code with its parameters.
type Reason struct {
	Code   ReasonCode        `json:"code"`
	Params map[string]string `json:"params,omitempty"`
}

// Reasons of the evaluation.
const (
	ReasonFactMatched     ReasonCode = "fact_matched"      // rule
	ReasonActivityCounted ReasonCode = "activity_counted"  // rule, kind
	ReasonDecayed         ReasonCode = "activity_decayed"  // rule, kind, age_hours, half_life_hours
	ReasonCapped          ReasonCode = "rule_capped"       // rule, cap
	ReasonCeiling         ReasonCode = "score_ceiling"     // score, maximum
	ReasonFloor           ReasonCode = "score_floor"       // score, minimum
	ReasonCriteriaMet     ReasonCode = "criteria_met"      // stage
	ReasonDirect          ReasonCode = "direct_way"        // stage, condition
	ReasonSideTrack       ReasonCode = "side_track"        // stage, condition
	ReasonNoStage         ReasonCode = "no_stage_criteria" // nothing reached
)
