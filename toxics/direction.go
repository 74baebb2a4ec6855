package toxics

import "strconv"

// Direction is the way that the bytes go which a toxic works on.
type Direction uint8

const (
	// Downstream is from the server to the client. It is the zero value, as it
	// is toxiproxy's default.
	Downstream Direction = iota
	// Upstream is from the client to the server.
	Upstream
)

// Directions is the number of directions: an array with one slot for each is
// [Directions]T.
const Directions = 2

// String returns toxiproxy's name of the direction, "downstream" or "upstream",
// and "Direction(7)" for a value that is neither.
func (d Direction) String() string {
	switch d {
	case Downstream:
		return "downstream"
	case Upstream:
		return "upstream"
	}
	return "Direction(" + strconv.Itoa(int(d)) + ")"
}
