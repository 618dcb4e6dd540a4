"""`python -m bench`: all benchmarks, or those named."""

from bench.run import main

main()
