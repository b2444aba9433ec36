"""How much a sweep costs, beside what others do for it: `python -m benchmarks` measures, and writes docs/performance.md."""
