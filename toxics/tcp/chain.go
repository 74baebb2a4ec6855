package tcp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	tox "github.com/Shopify/toxiproxy/v2/toxics"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// A chain is, in each direction: toxiproxy's hidden noop, one stage for each toxic
// of the plan in its order, one for the faults, and the guard.

// install builds both chains. It must come before the first link.
func (g *generation) install(plan toxics.Plan) error {
	for i, t := range plan.Toxics {
		kind, attributes, wrap := translate(t)
		if !isGenuine(t) {
			kind, attributes, wrap = "noop", nil, func(tox.Toxic) piper { return own{i} }
		}
		name := fmt.Sprintf("%d_%s", i, kind)
		if err := g.add(name, kind, attributes, &stage{direction: t.Stream(), slot: i}, wrap); err != nil {
			return err
		}
	}
	for _, d := range []toxics.Direction{toxics.Upstream, toxics.Downstream} {
		if err := g.add("later_"+d.String(), "noop", nil, &stage{direction: d, slot: -1}, func(tox.Toxic) piper { return later{} }); err != nil {
			return err
		}
		if err := g.add("guard_"+d.String(), "noop", nil, &stage{direction: d, slot: -1}, func(tox.Toxic) piper { return guard{} }); err != nil {
			return err
		}
	}
	return nil
}

// add appends a toxic to a chain. toxiproxy makes it and decodes its attributes;
// the wrapper, whose Toxic field is exported, then gets the stage around it.
func (g *generation) add(name, kind string, attributes map[string]int64, s *stage, wrap func(tox.Toxic) piper) error {
	body, err := json.Marshal(map[string]any{
		"name": name, "type": kind, "stream": s.direction.String(), "attributes": attributes,
	})
	if err != nil {
		return err
	}
	wrapper, err := g.proxy.Toxics.AddToxicJson(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("toxiproxy refused %s: %w", body, err)
	}
	s.generation, s.piper = g, wrap(wrapper.Toxic)
	wrapper.Toxic = s
	return nil
}

// isGenuine reports whether toxiproxy's own toxic does what the toxic is to do. The others are
// those of package toxics: toxiproxy does not have them, but for reset_peer, which cannot be
// interrupted there and makes every connection of its proxy end in RST.
func isGenuine(t toxics.Toxic) bool {
	switch t := t.(type) {
	case toxics.Latency:
		return t.Shape == nil
	case toxics.Bandwidth:
		return !t.Shared
	case toxics.Timeout:
		return !t.Absolute
	case toxics.ResetPeer, toxics.Cut, toxics.Loss:
		return false
	}
	return true
}

// translate gives toxiproxy's type and attributes of a genuine toxic, and how its stage
// runs it. The plan is valid, so the type switch is complete.
func translate(t toxics.Toxic) (kind string, attributes map[string]int64, wrap func(tox.Toxic) piper) {
	wrap = func(inner tox.Toxic) piper { return original{inner} }
	switch t := t.(type) {
	case toxics.Latency:
		attributes = map[string]int64{"latency": ceil(t.Latency, time.Millisecond), "jitter": ceil(t.Jitter, time.Millisecond)}
	case toxics.Bandwidth:
		attributes = map[string]int64{"rate": t.Rate}
		wrap = func(inner tox.Toxic) piper { return fed{inner, t.Rate} }
	case toxics.SlowClose:
		attributes = map[string]int64{"delay": ceil(t.Delay, time.Millisecond)}
	case toxics.Timeout:
		attributes = map[string]int64{"timeout": ceil(t.After, time.Millisecond)}
	case toxics.Slicer:
		attributes = map[string]int64{
			"average_size": int64(t.Size), "size_variation": int64(t.Variation), "delay": ceil(t.Delay, time.Microsecond),
		}
	case toxics.LimitData:
		attributes = map[string]int64{"bytes": t.Bytes}
	}
	return t.Kind(), attributes, wrap
}

// ceil is d in units, rounded up: a real delay may be late, but never early.
func ceil(d, unit time.Duration) int64 { return int64((d + unit - 1) / unit) }
