"""The tests in this folder run the examples."""

from example_runs import (  # noqa: F401
    data,
    example,
    large_data,
    no_summary,
    own_generator,
    run_example,
    set_up,
)
