package spec

// environment is the variable that stands for Ginkgo's seed in the seeds of specs.
const environment = "WINDTUNNEL_SEED"
