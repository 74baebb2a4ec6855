package subjects

import "net/http"

// Outcome is what came of a fetch.
type Outcome struct {
	Body string
	Err  error
}

// Plain fetches a page on a goroutine of its own: the contrast. The guide says of
// gevent that light-weight threads give the effect of asynchronous calls without
// a change to the code; goroutines are that, built in. There is no loop to block,
// and nothing to find out but that the outcomes are the same. The channel gets one
// outcome.
func Plain(client *http.Client, url string) <-chan Outcome {
	outcome := make(chan Outcome, 1)
	go func() {
		body, err := Synchronous(client, url)
		outcome <- Outcome{body, err}
	}()
	return outcome
}
