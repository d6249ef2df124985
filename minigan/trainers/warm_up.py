"""When the generator of a WGAN steps: after n_critic steps of the critic, and later at first."""

WARM_UP_STEPS = 100  # critic steps before each of the first generator steps, as the authors do


def generator_is_due(steps, n_critic, warm_up):
    """Whether the generator steps after this many critic steps in total.

    warm_up: this many generator steps, the first ones, wait for 100 critic steps each.

    >>> [n for n in range(1, 216) if generator_is_due(n, n_critic=5, warm_up=2)]
    [100, 200, 205, 210, 215]
    """
    long = warm_up * WARM_UP_STEPS
    if steps <= long:
        return steps % WARM_UP_STEPS == 0
    return (steps - long) % n_critic == 0
