package futures_test

import (
	"testing"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

func TestCompare(t *testing.T) {
	results := futures.Compare(t, adapter())
	for _, r := range results {
		if r.Bad() {
			t.Error(r.Text(""))
		}
	}
	t.Log(futures.Table(results))
}
