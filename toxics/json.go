package toxics

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ParsePlan reads a plan from JSON and validates it. It takes what a Plan encodes to,
//
//	{"seed": 42,
//	 "toxics": [{"type": "latency", "stream": "upstream", "toxicity": 0.5, "attributes": {"latency": 100}}],
//	 "faults": [{"type": "severed", "source": "client", "target": "api:80", "start": "10s", "span": "5s"}]}
//
// and toxiproxy's own: a toxic as above, in toxiproxy's units and with its defaults; a
// list of toxics; a proxy, with or without toxics; a list of proxies, as in a
// configuration file; or proxies by name, as its API gives them. The toxics of a proxy
// become faults with its upstream as their Target, a proxy that is not enabled a Refuse,
// and a toxic of type "noop" or toxicity 0 is left out. A number of milliseconds or
// microseconds may have decimals.
//
// toxiproxy takes everything, and some of it ends the process. Here a type, an
// attribute or a value that is not known is an error, and so is a plan that is not
// valid: errors.Is finds ErrInvalid then.
func ParsePlan(data []byte) (Plan, error) {
	p, err := parse(data)
	if err == nil {
		err = p.Validate()
	}
	if err != nil {
		return Plan{}, fmt.Errorf("toxics: ParsePlan: %w", err)
	}
	return p, nil
}

// UnmarshalJSON does what ParsePlan does.
func (p *Plan) UnmarshalJSON(data []byte) error {
	parsed, err := ParsePlan(data)
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}

// MarshalJSON encodes the plan. The error is about a [*Custom], which has no JSON.
func (p Plan) MarshalJSON() ([]byte, error) {
	for i, t := range p.Toxics {
		if err := encodable(t); err != nil {
			return nil, fmt.Errorf("toxics: toxic %d (%s): %w", i, kind(t), err)
		}
	}
	for i, f := range p.Faults {
		if err := encodable(f.Effect); err != nil {
			return nil, fmt.Errorf("toxics: fault %d (%s): %w", i, kind(f.Effect), err)
		}
	}
	return json.Marshal(p.wire())
}

func encodable(e Effect) error {
	if !ours(e) {
		return errors.New("only this package's toxics have a JSON")
	}
	if l, ok := e.(Latency); ok {
		if c, ok := l.Shape.(*Custom); ok {
			return fmt.Errorf("the shape %q is a function and has no JSON; use one of this package's shapes", c)
		}
	}
	return nil
}

// String returns the plan's JSON, with the names of custom shapes in it.
func (p Plan) String() string {
	text, err := json.Marshal(p.wire())
	if err != nil { // a Share that is not a number
		return fmt.Sprintf("toxics.Plan(%v)", err)
	}
	return string(text)
}

type wirePlan struct {
	Seed   uint64      `json:"seed,omitempty"`
	Toxics []wireToxic `json:"toxics,omitempty"`
	Faults []wireToxic `json:"faults,omitempty"`
}

type wireToxic struct {
	Name       string          `json:"name,omitempty"` // toxiproxy's, of no use here
	Type       string          `json:"type"`
	Stream     string          `json:"stream,omitempty"`
	Toxicity   *float64        `json:"toxicity,omitempty"`
	Attributes json.RawMessage `json:"attributes,omitempty"`

	Source string `json:"source,omitempty"`
	Target string `json:"target,omitempty"`
	Start  string `json:"start,omitempty"`
	Span   string `json:"span,omitempty"`
	Count  int    `json:"count,omitempty"`
}

type wireProxy struct {
	Name     string      `json:"name"`
	Listen   string      `json:"listen"`
	Upstream string      `json:"upstream"`
	Enabled  *bool       `json:"enabled"`
	Toxics   []wireToxic `json:"toxics"`
}

func (p Plan) wire() wirePlan {
	w := wirePlan{Seed: p.Seed}
	for _, t := range p.Toxics {
		w.Toxics = append(w.Toxics, wire(t))
	}
	for _, f := range p.Faults {
		t := wire(f.Effect)
		t.Source, t.Target, t.Count = f.Source, f.Target, f.Count
		if f.Start != 0 {
			t.Start = f.Start.String()
		}
		if f.Span != 0 {
			t.Span = f.Span.String()
		}
		w.Faults = append(w.Faults, t)
	}
	return w
}

func wire(e Effect) wireToxic {
	w := wireToxic{Type: kind(e)}
	if !ours(e) {
		return w
	}
	if t, ok := e.(Toxic); ok {
		w.Stream = t.Stream().String()
	}
	if f := e.Fraction(); f != 1 {
		w.Toxicity = &f
	}
	if a := attributesOf(e); len(a) > 0 {
		// A map of numbers, names and booleans can be encoded.
		w.Attributes, _ = json.Marshal(a)
	}
	return w
}

func parse(data []byte) (Plan, error) {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		var list []json.RawMessage
		if err := json.Unmarshal(data, &list); err != nil {
			return Plan{}, err
		}
		var p Plan
		for i, item := range list {
			if err := p.addItem(item); err != nil {
				return Plan{}, fmt.Errorf("item %d: %w", i, err)
			}
		}
		return p, nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		return Plan{}, err
	}
	var p Plan
	if keys["type"] != nil || keys["upstream"] != nil {
		return p, p.addItem(data)
	}
	proxies := len(keys) > 0
	for _, value := range keys {
		proxies = proxies && bytes.HasPrefix(value, []byte("{"))
	}
	if proxies {
		names := make([]string, 0, len(keys))
		for name := range keys {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if err := p.addItem(keys[name]); err != nil {
				return Plan{}, fmt.Errorf("proxy %q: %w", name, err)
			}
		}
		return p, nil
	}
	var w wirePlan
	if err := strict(data, &w); err != nil {
		return Plan{}, err
	}
	p.Seed = w.Seed
	for i, t := range w.Toxics {
		if err := p.addToxic(t); err != nil {
			return Plan{}, fmt.Errorf("toxic %d: %w", i, err)
		}
	}
	for i, t := range w.Faults {
		if err := p.addFault(t); err != nil {
			return Plan{}, fmt.Errorf("fault %d: %w", i, err)
		}
	}
	return p, nil
}

// strict decodes and refuses what it does not know.
func strict(data []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(to)
}

// addItem adds a toxic or a proxy of toxiproxy's.
func (p *Plan) addItem(data []byte) error {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		return err
	}
	if keys["type"] != nil {
		var t wireToxic
		if err := strict(data, &t); err != nil {
			return err
		}
		return p.addToxic(t)
	}
	var proxy wireProxy
	if err := strict(data, &proxy); err != nil {
		return err
	}
	if proxy.Upstream == "" {
		return errors.New(`neither a toxic, which has a "type", nor a proxy, which has an "upstream"`)
	}
	if proxy.Enabled != nil && !*proxy.Enabled {
		p.Faults = append(p.Faults, Inject(Refuse{}).Between("", proxy.Upstream))
	}
	for i, t := range proxy.Toxics {
		e, err := t.effect()
		if err != nil {
			return fmt.Errorf("toxic %d of the proxy: %w", i, err)
		}
		if e != nil {
			p.Faults = append(p.Faults, Inject(e).Between("", proxy.Upstream))
		}
	}
	return nil
}

func (p *Plan) addToxic(w wireToxic) error {
	if w.Source != "" || w.Target != "" || w.Start != "" || w.Span != "" || w.Count != 0 {
		return errors.New(`source, target, start, span and count are a fault's: put it into "faults"`)
	}
	e, err := w.effect()
	if err != nil || e == nil {
		return err
	}
	t, ok := e.(Toxic)
	if !ok {
		return fmt.Errorf(`%q is no toxic of a connection: put it into "faults"`, w.Type)
	}
	p.Toxics = append(p.Toxics, t)
	return nil
}

func (p *Plan) addFault(w wireToxic) error {
	e, err := w.effect()
	if err != nil || e == nil {
		return err
	}
	f := Fault{Effect: e, Source: w.Source, Target: w.Target, Count: w.Count}
	for text, to := range map[*string]*time.Duration{&w.Start: &f.Start, &w.Span: &f.Span} {
		if *text == "" {
			continue
		}
		if *to, err = time.ParseDuration(*text); err != nil {
			return err
		}
	}
	p.Faults = append(p.Faults, f)
	return nil
}

// effect returns nil for what toxiproxy takes and does nothing.
func (w wireToxic) effect() (Effect, error) {
	direction := Downstream
	switch strings.ToLower(w.Stream) {
	case "", "downstream":
	case "upstream":
		direction = Upstream
	default:
		return nil, fmt.Errorf(`the stream is %q, must be "upstream" or "downstream"`, w.Stream)
	}
	share := 0.
	if w.Toxicity != nil {
		if share = *w.Toxicity; share == 0 {
			return nil, nil
		}
		if share == 1 {
			share = 0
		}
	}
	a := attributes{}
	if len(w.Attributes) > 0 {
		if err := json.Unmarshal(w.Attributes, &a.values); err != nil {
			return nil, fmt.Errorf("attributes: %w", err)
		}
	}
	e := a.effect(w.Type, direction, share)
	if e == nil {
		if w.Type == "noop" {
			return nil, nil
		}
		return nil, fmt.Errorf("there is no toxic of type %q", w.Type)
	}
	if _, ok := e.(Toxic); !ok && w.Stream != "" {
		return nil, fmt.Errorf("a %s has no stream; leave it out", w.Type)
	}
	return e, a.error(w.Type)
}
