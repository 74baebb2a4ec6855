package github

import (
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2/types"
)

// A spec that passed, and whose verdict cannot be read, has failed: verdicts do not get
// lost.
func TestUnreadableEntries(t *testing.T) {
	for _, name := range []string{CellEntry, PointsEntry} {
		s := types.SpecReport{LeafNodeText: "x", LeafNodeType: types.NodeTypeIt, State: types.SpecStatePassed}
		s.ReportEntries = types.ReportEntries{{Name: name, Value: types.WrapEntryValue("no JSON")}}
		got := runOf(types.Report{SuiteSucceeded: true, SpecReports: types.SpecReports{s}}, home)
		want := "A report entry for the summary cannot be read: invalid character 'o' in literal null (expecting 'u')\nno JSON"
		if !got.failed() || len(got.Specs[0].Failures) != 1 || got.Specs[0].Failures[0].Text != want {
			t.Errorf("%s: %+v", name, got.Specs)
		}
	}
}

// A suite that skipped or left out specs has not failed, whatever reason it gave.
func TestSkippedAndPending(t *testing.T) {
	for _, state := range []types.SpecState{types.SpecStateSkipped, types.SpecStatePending} {
		s := types.SpecReport{LeafNodeText: "x", LeafNodeType: types.NodeTypeIt, State: state, Failure: types.Failure{Message: "there is no network"}}
		if got := runOf(types.Report{SuiteSucceeded: true, SpecReports: types.SpecReports{s}}, home); got.failed() || len(got.Specs[0].Failures) > 0 {
			t.Errorf("%+v", got)
		}
	}
}

// What a node that timed out said on top of it, and where it was stuck, is told, too.
func TestFollowingFailure(t *testing.T) {
	at := types.CodeLocation{FileName: home + "/a_test.go", LineNumber: 7}
	s := types.SpecReport{LeafNodeText: "x", LeafNodeType: types.NodeTypeIt, State: types.SpecStateTimedout, LeafNodeLocation: at}
	s.Failure = types.Failure{Message: "A node timeout occurred", Location: at}
	s.Failure.AdditionalFailure = &types.AdditionalFailure{State: types.SpecStateFailed, Failure: types.Failure{Message: "context canceled", Location: at}}
	v := verdictsOf(runOf(types.Report{SuitePath: home, SpecReports: types.SpecReports{s}}, home))
	want := "A node timeout occurred\n\n[FAILED] in It at a_test.go:7:\ncontext canceled"
	if got := v.groups()[0]; got.message() != want || !strings.HasPrefix(got.title(), "[TIMEDOUT] x") {
		t.Errorf("%q, %q, want %q", got.title(), got.message(), want)
	}
}
