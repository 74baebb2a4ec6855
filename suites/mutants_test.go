package suites_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/subjects"
	"github.com/windtunnel-go/windtunnel/suites/verdicts"
)

// mutant is a bundled subject with one behavioural edit, and the cells that the
// edit must flip. The edit never looks at which fault is in force.
type mutant struct {
	name  string
	of    string // the subject it breaks
	start func(*verdicts.Run)
	flips map[string]string // fault -> the cell's text; the other cells must not change
}

// everywhere flips every cell, whose text is before + what the bundled subject's
// cell says of the outcome + after.
func everywhere(before, after string) map[string]string {
	flips := map[string]string{}
	for _, f := range verdicts.Faults {
		flips[f.Name] = before + cmp.Or(f.Want, "page") + after
	}
	return flips
}

// onFailure flips the cells of the faults that make a fetch fail.
func onFailure(text string) map[string]string {
	flips := map[string]string{}
	for _, f := range verdicts.Faults {
		if f.Want != "" {
			flips[f.Name] = text
		}
	}
	return flips
}

// inEveryCell flips every cell to the same text.
func inEveryCell(text string) map[string]string {
	flips := everywhere("", "")
	for fault := range flips {
		flips[fault] = text
	}
	return flips
}

// futureWith is subjects.Future with another way to settle.
func futureWith(r *verdicts.Run, settle func(p *fakeloop.Promise[string], body string, err error)) *fakeloop.Future[string] {
	promise := fakeloop.NewPromise[string](r.Loop, "page")
	subjects.Callback(r.Loop, r.Client, r.URL, func(body string, err error) { settle(promise, body, err) })
	return promise.Future()
}

// inlineOffload is an offload that runs its work on the loop.
func inlineOffload(l *fakeloop.Loop, client *http.Client, url string) *fakeloop.Future[string] {
	promise := fakeloop.NewPromise[string](l, "page")
	body, err := subjects.Synchronous(client, url)
	if err != nil {
		promise.Reject(err)
	} else {
		promise.Resolve(body)
	}
	return promise.Future()
}

var mutants = []mutant{
	{
		name: "a callback fetch that sleeps",
		of:   "callback fetch",
		start: func(r *verdicts.Run) {
			subjects.Callback(r.Loop, r.Client, r.URL, func(body string, err error) {
				time.Sleep(time.Microsecond)
				r.Deliver(body, err)
			})
		},
		flips: everywhere("BLOCKS sleep, ", ""),
	},
	{
		name: "a callback fetch that calls back twice",
		of:   "callback fetch",
		start: func(r *verdicts.Run) {
			subjects.Callback(r.Loop, r.Client, r.URL, func(body string, err error) {
				r.Deliver(body, err)
				r.Deliver(body, err)
			})
		},
		flips: everywhere("free, ", " x2"),
	},
	{
		name: "a callback fetch that never calls back",
		of:   "callback fetch",
		start: func(r *verdicts.Run) {
			subjects.Callback(r.Loop, r.Client, r.URL, func(string, error) {})
		},
		flips: inEveryCell("free, no outcome"),
	},
	{
		name: "a callback fetch that panics behind its callback",
		of:   "callback fetch",
		start: func(r *verdicts.Run) {
			subjects.Callback(r.Loop, r.Client, r.URL, func(body string, err error) {
				r.Deliver(body, err)
				panic("behind the callback")
			})
		},
		flips: everywhere("free, ", ", 1 loop error"),
	},
	{
		name: "a future that drops the error",
		of:   "raw Future fetch",
		start: func(r *verdicts.Run) {
			futureWith(r, func(p *fakeloop.Promise[string], body string, _ error) { p.Resolve(body) }).OnSettled(r.Deliver)
		},
		flips: onFailure("free, wrong value of 0 bytes"),
	},
	{
		name: "a future that turns the error into text",
		of:   "raw Future fetch",
		start: func(r *verdicts.Run) {
			futureWith(r, func(p *fakeloop.Promise[string], body string, err error) {
				if err != nil {
					p.Reject(errors.New(err.Error()))
					return
				}
				p.Resolve(body)
			}).OnSettled(r.Deliver)
		},
		flips: onFailure("free, unknown error"),
	},
	{
		name: "a future that is never settled",
		of:   "raw Future fetch",
		start: func(r *verdicts.Run) {
			futureWith(r, func(*fakeloop.Promise[string], string, error) {}).OnSettled(r.Deliver)
		},
		flips: inEveryCell("free, no outcome, 1 pending"),
	},
	{
		name: "a future beside which another one fails unseen",
		of:   "raw Future fetch",
		start: func(r *verdicts.Run) {
			subjects.Future(r.Loop, r.Client, r.URL).OnSettled(r.Deliver)
			fakeloop.NewPromise[int](r.Loop, "unseen").Reject(errors.New("nobody looks at this"))
		},
		flips: everywhere("free, ", ", 1 unobserved"),
	},
	{
		name: "a coroutine that swallows the error",
		of:   "coroutine fetch",
		start: func(r *verdicts.Run) {
			fakeloop.Async(r.Loop, "fetch", func(co *fakeloop.Coroutine) (string, error) {
				body, _ := fakeloop.Await(co, subjects.Future(r.Loop, r.Client, r.URL))
				return body, nil
			}).OnSettled(r.Deliver)
		},
		flips: onFailure("free, wrong value of 0 bytes"),
	},
	{
		name: "an offload that runs inline",
		of:   "raw Future fetch",
		start: func(r *verdicts.Run) {
			inlineOffload(r.Loop, r.Client, r.URL).OnSettled(r.Deliver)
		},
		flips: everywhere("BLOCKS network, ", ""),
	},
	{
		name: "a resolver that is on the loop after all",
		of:   "resolver offloaded",
		start: func(r *verdicts.Run) {
			subjects.ResolvingOnLoop(r.Loop, r.Resolver, r.Client, r.URL).OnSettled(r.Deliver)
		},
		flips: everywhere("BLOCKS dns, ", ""),
	},
	{
		name: "a resolver that says in its own words that there is no such name",
		of:   "resolver offloaded",
		start: func(r *verdicts.Run) {
			page := subjects.ResolvingOffloaded(r.Loop, r.Resolver, r.Client, r.URL)
			fakeloop.Catch(page, func(err error) (string, error) {
				var dns *net.DNSError
				if errors.As(err, &dns) {
					err = fmt.Errorf("%s: no such name", dns.Name)
				}
				return "", err
			}).OnSettled(r.Deliver)
		},
		flips: map[string]string{"DNS refused": "free, unknown error", "NXDOMAIN": "free, unknown error"},
	},
	{
		name: "a resolver on the loop that nobody sees block",
		of:   "resolver on the loop",
		start: func(r *verdicts.Run) {
			subjects.ResolvingOffloaded(r.Loop, r.Resolver, r.Client, r.URL).OnSettled(r.Deliver)
		},
		flips: everywhere("free, ", ""),
	},
	{
		name: "a fetch that takes any answer for the page",
		of:   "plain goroutines",
		start: func(r *verdicts.Run) {
			work := r.Loop.Outside("any answer")
			go func() {
				outcome := <-subjects.Plain(r.Client, r.URL)
				var status *subjects.StatusError
				if errors.As(outcome.Err, &status) {
					outcome.Err = nil
				}
				_ = work.Return(func() { r.Deliver(outcome.Body, outcome.Err) })
			}()
		},
		flips: map[string]string{"HTTP 500": "free, wrong value of 0 bytes"},
	},
	{
		name: "a fetch that takes half a page for a page",
		of:   "plain goroutines",
		start: func(r *verdicts.Run) {
			work := r.Loop.Outside("half a page")
			go func() {
				outcome := <-subjects.Plain(r.Client, r.URL)
				if errors.Is(outcome.Err, io.ErrUnexpectedEOF) {
					outcome.Err = nil
				}
				_ = work.Return(func() { r.Deliver(outcome.Body, outcome.Err) })
			}()
		},
		flips: map[string]string{"cut mid-body": "free, wrong value of 0 bytes"},
	},
	{
		name: "a loop-driven client for which a reset is the end of the page",
		of:   "HTTP client driven by the loop",
		start: func(r *verdicts.Run) {
			client := subjects.LoopClient{Loop: r.Loop, Dial: r.Dial, Deadline: r.Deadline}
			client.Get(r.URL, func(body string, err error) {
				if errors.Is(err, syscall.ECONNRESET) {
					err = nil
				}
				r.Deliver(body, err)
			})
		},
		flips: map[string]string{"reset mid-body": "free, wrong value of 0 bytes"},
	},
	{
		name: "a loop-driven client that looks the name up on the loop",
		of:   "HTTP client driven by the loop",
		start: func(r *verdicts.Run) {
			at, err := url.Parse(r.URL)
			if err == nil {
				_, err = r.Resolver.LookupNetIP(context.Background(), "ip4", at.Hostname())
			}
			if err != nil {
				r.Deliver("", &subjects.FetchError{Stage: subjects.StageRequest, URL: r.URL, Err: err})
				return
			}
			client := subjects.LoopClient{Loop: r.Loop, Dial: r.Dial, Deadline: r.Deadline}
			client.Get(r.URL, r.Deliver)
		},
		flips: everywhere("BLOCKS dns, ", ""),
	},
	{
		name: "a coroutine that does not block inside",
		of:   "coroutine, blocking inside",
		start: func(r *verdicts.Run) {
			subjects.Coroutine(r.Loop, r.Client, r.URL).OnSettled(r.Deliver)
		},
		flips: everywhere("free, ", ""),
	},
	{
		name: "a delivery in the wrong order",
		of:   "delivery to a queue",
		start: func(r *verdicts.Run) {
			urls := []string{r.URL, r.URL + "?second", r.URL + "?third"}
			queue := fakeloop.NewQueue[subjects.Item](r.Loop, "pages", 1)
			r.Consume(queue, urls, subjects.Deliver(r.Loop, r.Client, []string{urls[1], urls[0], urls[2]}, queue))
		},
		flips: everywhere("free, ", ", 2 complaints"),
	},
	{
		name: "a delivery that nothing holds back",
		of:   "delivery to a queue",
		start: func(r *verdicts.Run) {
			urls := []string{r.URL, r.URL + "?second", r.URL + "?third"}
			queue := fakeloop.NewQueue[subjects.Item](r.Loop, "pages", 3)
			delivered := subjects.Deliver(r.Loop, r.Client, urls, queue)
			delivered.OnSettled(func(struct{}, error) { r.Consume(queue, urls, delivered) })
		},
		flips: everywhere("free, ", ", 2 complaints"),
	},
	{
		name: "a delivery that leaves errors out",
		of:   "delivery to a queue",
		start: func(r *verdicts.Run) {
			queue := fakeloop.NewQueue[subjects.Item](r.Loop, "pages", 1)
			subjects.Callback(r.Loop, r.Client, r.URL, func(body string, err error) {
				if err == nil {
					queue.TryPut(subjects.Item{URL: r.URL, Outcome: subjects.Outcome{Body: body}})
				}
				queue.Close()
			})
			r.Consume(queue, []string{r.URL}, fakeloop.Async(r.Loop, "delivered", func(*fakeloop.Coroutine) (struct{}, error) { return struct{}{}, nil }))
		},
		flips: onFailure("free, no outcome, 1 complaint"),
	},
	{
		name: "a registry that hides a handler's failure",
		of:   "callback registry",
		start: func(r *verdicts.Run) {
			quiet := fakeloop.NewRegistry[subjects.Outcome](r.Loop)
			r.Register(quiet, func(l *fakeloop.Loop, c *http.Client, url string, registry *fakeloop.Registry[subjects.Outcome]) {
				subjects.Callback(l, c, url, r.Deliver)
			})
		},
		flips: everywhere("free, ", ""),
	},
	{
		name: "a registry that is told twice",
		of:   "callback registry",
		start: func(r *verdicts.Run) {
			registry := fakeloop.NewRegistry[subjects.Outcome](r.Loop)
			r.Register(registry, func(l *fakeloop.Loop, c *http.Client, url string, registry *fakeloop.Registry[subjects.Outcome]) {
				registry.On(subjects.PageEvent, func(o subjects.Outcome) { r.Deliver(o.Body, o.Err) })
				subjects.Announce(l, c, url, registry)
			})
		},
		flips: everywhere("free, ", " x3, 1 loop error, 1 complaint"),
	},
	{
		name: "a chain whose last step forgets the error",
		of:   "chain of promises",
		start: func(r *verdicts.Run) {
			page := subjects.Chain(r.Loop, r.Client, r.URL)
			fakeloop.Catch(page, func(error) (string, error) { return "", nil }).OnSettled(r.Deliver)
		},
		flips: onFailure("free, wrong value of 0 bytes"),
	},
	{
		name: "a chain for which cancelled is failed",
		of:   "chain of promises, cancelled",
		start: func(r *verdicts.Run) {
			page := subjects.Chain(r.Loop, r.Client, r.URL)
			fakeloop.Catch(page, func(err error) (string, error) { return "", errors.New(err.Error()) }).OnSettled(r.Deliver)
			page.Cancel(errors.New("the user went away"))
		},
		flips: inEveryCell("free, unknown error"),
	},
	{
		name: "a signal handler that blocks",
		of:   "callback registry, POSIX signal",
		start: func(r *verdicts.Run) {
			r.AwaitSignal(func() { time.Sleep(time.Microsecond) })
		},
		flips: map[string]string{"no fault": "BLOCKS sleep, done"},
	},
	{
		name: "idle connections that share one way back",
		of:   "1,000 idle connections",
		start: func(r *verdicts.Run) {
			r.Idle(func(loop *fakeloop.Loop) subjects.Connector {
				var arrival time.Time // of whatever was sent last on any connection
				return func(up, down func(int) time.Duration, answered func(int)) func(int) {
					back := func(ping int) {
						now := loop.Now()
						if at := now.Add(down(ping)); at.After(arrival) {
							arrival = at
						}
						loop.AfterFunc(arrival.Sub(now), func() { answered(ping) })
					}
					there := &subjects.Wire{Loop: loop, Latency: up, Receive: back}
					return there.Send
				}
			})
		},
		flips: map[string]string{"no fault": "free, unknown error"},
	},
	{
		name: "a lock that is contended and not taken",
		of:   "lock contended for the whole callback",
		start: func(r *verdicts.Run) {
			var counter subjects.Counter
			blocking.Contend(&counter.Mu, func() {})
			counter.Add()
			r.Finish(nil)
		},
		flips: map[string]string{"no fault": "free, done"},
	},
	{
		name: "a file write on the loop after all",
		of:   "file write and fsync, offloaded",
		start: func(r *verdicts.Run) {
			r.Finish(subjects.Save(filepath.Join(r.Dir, "page"), []byte(verdicts.Page)))
		},
		flips: map[string]string{"no fault": "BLOCKS disk, done"},
	},
	{
		name:  "a file write that writes nothing",
		of:    "file write and fsync",
		start: func(r *verdicts.Run) { r.Finish(nil) },
		flips: map[string]string{"no fault": "free, done"},
	},
	{
		name: "a lock that is not taken",
		of:   "lock that another goroutine holds",
		start: func(r *verdicts.Run) {
			var counter subjects.Counter
			blocking.Contend(&counter.Mu, func() { r.Finish(nil) })
		},
		flips: map[string]string{"no fault": "free, done"},
	},
	{
		name: "a lock that somebody holds after all",
		of:   "lock that nobody holds",
		start: func(r *verdicts.Run) {
			var counter subjects.Counter
			blocking.Contend(&counter.Mu, counter.Add)
			r.Finish(nil)
		},
		flips: map[string]string{"no fault": "BLOCKS lock, done"},
	},
	{
		name:  "a hash that is no work",
		of:    "bcrypt",
		start: func(r *verdicts.Run) { r.Finish(subjects.Hash("correct horse", 4)) },
		flips: map[string]string{"no fault": "free, done"},
	},
	{
		name:  "a hash on the loop after all",
		of:    "bcrypt, offloaded",
		start: func(r *verdicts.Run) { r.Finish(subjects.Hash("correct horse", verdicts.HashCost)) },
		flips: map[string]string{"no fault": "BLOCKS cpu, done"},
	},
	{
		name: "a synchronous fetch that does not block",
		of:   "synchronous fetch",
		start: func(r *verdicts.Run) {
			subjects.Callback(r.Loop, r.Client, r.URL, r.Deliver)
		},
		flips: everywhere("free, ", ""),
	},
}

// mutantResult is what a mutant was seen to flip.
type mutantResult struct {
	Mutant string   `json:"mutant"`
	Of     string   `json:"of"`
	Flips  []string `json:"flips"`
}

func (m mutantResult) String() string {
	flips := strings.Join(m.Flips, ", ")
	if len(m.Flips) == len(verdicts.Faults) {
		flips = "every cell"
	}
	return fmt.Sprintf("%s: %s", m.Mutant, flips)
}

// sortMutants puts results into the order of the list above.
func sortMutants(results []mutantResult) {
	slices.SortFunc(results, func(a, b mutantResult) int { return cmp.Compare(mutantIndex(a.Mutant), mutantIndex(b.Mutant)) })
}

func mutantIndex(name string) int {
	return slices.IndexFunc(mutants, func(m mutant) bool { return m.name == name })
}

var _ = It("each subject has a broken version", func() {
	for _, subject := range verdicts.Subjects {
		Expect(slices.ContainsFunc(mutants, func(m mutant) bool { return m.of == subject.Name })).To(BeTrue(), subject.Name)
	}
})

var _ = Describe("a broken subject", func() {
	for _, m := range mutants {
		It("is found out: "+m.name, func() {
			i := slices.IndexFunc(verdicts.Subjects, func(s verdicts.Subject) bool { return s.Name == m.of })
			Expect(i).To(BeNumerically(">=", 0), "there is no subject %q", m.of)
			sound := verdicts.Subjects[i]
			broken := sound
			broken.Start = m.start

			result := mutantResult{Mutant: m.name, Of: m.of}
			observed, flips := map[string]string{}, maps.Clone(m.flips)
			for _, fault := range verdicts.Faults {
				cell, err := verdicts.Measure(broken, fault)
				Expect(err).NotTo(HaveOccurred())
				if cell.NA == verdicts.NoClock || cell.NA == verdicts.NoSignals {
					delete(flips, fault.Name)
				}
				if cell.NA != "" {
					continue
				}
				// What the sound subject's cell says is measured by its own spec.
				flipped := cell.Text() != sound.Text(fault)
				Expect(len(cell.Deviations(broken, fault)) > 0).To(Equal(flipped), "%v", cell)
				Expect(verdicts.Table{Cells: []verdicts.Cell{cell}}.String()).To(ContainSubstring("| " + cell.Text() + "\n"))
				if flipped {
					observed[fault.Name] = cell.Text()
					result.Flips = append(result.Flips, fault.Name)
				}
			}
			attach(mutantEntry, result)
			Expect(observed).To(Equal(flips))
		})
	}
})
