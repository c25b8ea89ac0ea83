// Package scoringtest makes random models, leads and times for the property tests of package scoring and of the
// second evaluator that the auditor uses. Only tests import it.
//
// What a model can say should come up here, in combination with everything else: whoever adds a key to the model
// file adds it here too, so that the properties (the lines sum to the score, order and repetition are irrelevant,
// the next change is the one that trying every step finds, both evaluators agree) are shown of it as well.
//
// Everything is drawn through rapid: a failure is shrunk, and its seed replays it.
package scoringtest
