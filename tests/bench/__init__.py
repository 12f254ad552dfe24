"""What Backstaff costs, beside what the same work costs by hand: `make bench`.

No test: it asserts no time. Every ratio comes from one run on one machine, baseline and ours by turns.

    python -m tests.bench [PART ...] [--docs]
"""
