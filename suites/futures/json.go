package futures

import "encoding/json"

// row is one result in the JSON of a report.
type row struct {
	Subject  string
	Property int
	Part     string
	Name     string
	Level    Level
	When     When `json:",omitempty"`
	Status   Status
	Why      string   `json:",omitempty"`
	Observed []string `json:",omitempty"`
	Notes    []string `json:",omitempty"`
}

// JSON renders results as a list of objects, one for each, without stacks.
func JSON(results []Result) ([]byte, error) {
	rows := []row{}
	for _, r := range results {
		rows = append(rows, row{
			Subject: r.Subject, Property: r.Property.Number, Part: r.Property.Part, Name: r.Property.Name, Level: r.Property.Level,
			When: r.When, Status: r.Status, Why: r.Why, Observed: r.Observed, Notes: r.Notes,
		})
	}
	return json.MarshalIndent(rows, "", "  ")
}
