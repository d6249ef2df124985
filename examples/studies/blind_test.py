"""Ask a judge which pictures show something, without telling where they come from.

    python examples/studies/blind_test.py real.png wgan.png wgan_gp.png            # draw a sheet
    python examples/studies/blind_test.py real.png wgan.png wgan_gp.png --yes 3 8  # count answers

Each argument is a grid of images, such as the samples.png of a run. The same number of images is
cut out of each grid. All of them are drawn on a sheet in random order, each with a number. Write
down the numbers in which you recognise what was asked for. Then give them to --yes.

The order comes from --seed, so the second command knows it. Do not run it before you have judged.
"""

import argparse
from pathlib import Path

import numpy as np

from minigan.runs import console
from minigan.runs.files import atomic_write, check_writable
from minigan.runs.flags import check_flags, read, user_path

COLUMNS, MARGIN = 10, 2  # of the grids, as minigan.runs.plots.tile makes them
CELL = 104  # pixels of the sheet for an image and its number
HEADER = 14  # pixels for the number


def cut(path, scale):
    """The images of a grid in which each pixel is repeated `scale` times: a list of Images."""
    from PIL import Image

    with Image.open(path) as picture:
        picture = picture.convert("RGB")
    margin = MARGIN * scale
    size, rest = divmod(picture.width - margin, COLUMNS)
    if rest or size <= margin:
        raise ValueError(f"{path} is no grid of {COLUMNS} columns with --scale {scale}")
    rows = (picture.height - margin) // size
    corners = [(margin + c * size, margin + r * size) for r in range(rows) for c in range(COLUMNS)]
    side = size - margin
    return [picture.crop((x, y, x + side, y + side)) for x, y in corners]


def shuffled(sources, n, seed):
    """[(source, number of the image in its grid)] in random order, n of each source."""
    rng = np.random.default_rng(seed)
    chosen = [(i, int(j)) for i, size in enumerate(sources) for j in rng.permutation(size)[:n]]
    return [chosen[k] for k in rng.permutation(len(chosen))]


def draw_sheet(grids, order, path):
    """Draw the images in this order, twelve to a row, numbered from 1."""
    from PIL import Image, ImageDraw

    rows = -(-len(order) // 12)
    sheet = Image.new("RGB", (12 * CELL, rows * (CELL + HEADER)), "white")
    text = ImageDraw.Draw(sheet)
    for k, (source, j) in enumerate(order):
        x, y = k % 12 * CELL, k // 12 * (CELL + HEADER)
        text.text((x + 4, y + 1), str(k + 1), fill="black")
        sheet.paste(grids[source][j].resize((CELL - 8, CELL - 8)), (x + 4, y + HEADER))
    check_writable(path.parent)
    with atomic_write(path) as temporary:
        sheet.save(temporary, format="PNG")


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("grids", nargs="+", type=user_path, help="pictures with images in a grid")
    parser.add_argument("--n", type=int, default=24, help="images of each grid (default: 24)")
    parser.add_argument("--scale", type=int, default=2, help="pixels for one of an image")
    parser.add_argument("--yes", nargs="*", type=int, help="the numbers that you recognised")
    parser.add_argument("--out", type=user_path, default=Path("runs/blind_test/sheet.png"))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    check_flags(parser, args, n=24, scale=2)
    grids = [read(cut, path, args.scale) for path in args.grids]
    if args.n > min(map(len, grids)):
        parser.error(f"--n is {args.n}, but a grid has only {min(map(len, grids))} images")
    order = shuffled([len(grid) for grid in grids], args.n, args.seed)
    if args.yes is None:
        draw_sheet(grids, order, args.out)
        print(f"look at {args.out}")
        return
    if not set(args.yes) <= set(range(1, len(order) + 1)):
        parser.error(f"--yes takes numbers from 1 to {len(order)}")
    recognised = [order[k - 1][0] for k in set(args.yes)]
    for i, path in enumerate(args.grids):
        print(f"{path}: {recognised.count(i)} of {args.n}")


if __name__ == "__main__":
    console.run(main)
