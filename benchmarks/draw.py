"""Draw the pictures of docs/performance.md. Files are written whole or not at all."""

import statistics

from sizes import D_SIZES, G_SIZES
from tables import over

from minigan.runs.files import atomic_write

LAYERS = len(G_SIZES) + len(D_SIZES) - 2  # of the two networks together, where depth is 0


def draw_ratios(path, results):
    """Draw bars from 1 to (minigan's time / the library's time). Below 1, minigan is faster."""
    from matplotlib.figure import Figure

    bars = sum(len(measured) for measured in results.values())  # and a gap after each work
    figure = Figure(figsize=(8, 1 + 0.19 * bars), layout="constrained")
    axes = figure.subplots()
    colors = {name: f"C{i}" for i, name in enumerate(all_libraries(results)) if name != "minigan"}
    middles, place = [], 0
    for measured in results.values():
        others = [name for name in measured if name != "minigan"]
        middles.append(place + (len(others) - 1) / 2)
        for name in others:
            ratio, low, high = over(measured["minigan"], measured[name])
            axes.barh(place, ratio - 1, 1, left=1, color=colors[name], alpha=0.6)
            axes.plot([low, high], [place, place], color=colors[name])
            place += 1
        place += 1
    for name, color in colors.items():
        axes.barh(0, 0, color=color, alpha=0.6, label=name)  # for the legend alone
    axes.axvline(1, color="black", linewidth=1)
    axes.set_yticks(middles, list(results))
    axes.invert_yaxis()
    axes.set_xscale("log")
    plain_ticks(axes.xaxis)
    axes.set_xlabel("minigan's time over the library's, and the middle half of the rounds")
    axes.grid(alpha=0.3, axis="x")
    axes.legend()
    save(figure, path)


def draw_growth(path, results):
    """results: {"batch" or the like: {its value: {library: Measured}}}, a panel for each."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2 + 2.6 * len(results), 3.5), layout="constrained")
    panels = figure.subplots(1, len(results), squeeze=False)[0]
    points = {(name, value): of for name, curve in results.items() for value, of in curve.items()}
    colors = {library: f"C{i}" for i, library in enumerate(all_libraries(points))}
    for axes, (name, curve) in zip(panels, results.items(), strict=True):
        x = {value: value for value in curve}
        if name == "depth":  # from 0, of which there is no logarithm
            name, x = "layers of both networks", {depth: LAYERS + 2 * depth for depth in curve}
        for library in all_libraries(curve):
            own = {x[value]: of[library] for value, of in curve.items() if library in of}
            ms = [1e3 * statistics.median(measured.times) for measured in own.values()]
            axes.plot([*own], ms, color=colors[library], marker="o")
        axes.set(xscale="log", yscale="log", xlabel=name)
        plain_ticks(axes.xaxis, [*x.values()])
        axes.tick_params(axis="x", labelrotation=30)
        plain_ticks(axes.yaxis)
        axes.grid(alpha=0.3)
    for library, color in colors.items():
        panels[0].plot([], [], color=color, marker="o", label=library)  # for the legend alone
    panels[0].set_ylabel("ms a step")
    figure.legend(loc="outside lower center", ncols=len(colors))
    save(figure, path)


def all_libraries(results):
    """Each library that took part in any work, once, in order."""
    return list(dict.fromkeys(name for measured in results.values() for name in measured))


def plain_ticks(axis, places=None):
    """Plain numbers, no powers, along a logarithmic axis: at `places`, or at 1, 2, 5, 10, 20..."""
    from matplotlib.ticker import FixedLocator, LogLocator, NullLocator, StrMethodFormatter

    axis.set_major_locator(FixedLocator(places) if places else LogLocator(subs=(1, 2, 5)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))


def save(figure, path):
    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=110)
