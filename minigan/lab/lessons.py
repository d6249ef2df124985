"""The lessons: pages of text, each of which sets up the lab and asks the learner for one thing.

docs/lab_internals.md describes the fields of a page. tests/lab/test_lessons.py carries out every
page and checks the numbers in the texts.
"""

GAN_FILE = "minigan/trainers/gan.py"
GP_FILE = "minigan/trainers/wgan_gp.py"
LOSSES_FILE = "minigan/losses.py"


def reset(**settings):
    return {"call": "reset", "args": {"settings": settings}}


def go(position):
    return {"call": "go", "args": {"position": position}}


def steps_of(player, count):
    return {"call": "step", "args": {"player": player, "count": count}}


def at(player, where, file=None):
    """Put the cursor where this text stands, or at "start" or "end", of a recorded step."""
    if file is not None:
        where = {"line_contains": where, "file": file}
    return {"record": player, "at": where}


def walk_at(player, walk, step):
    return {"record": player, "at": {"walk": walk, "step": step}}


def page(text, do=(), depth=None, layers=None, cursor=None, point_at=None, task=None, also=None):
    return {
        "text": "\n\n".join(" ".join(part.split()) for part in text.split("\n\n")),
        "do": list(do),
        "depth": depth,
        "layers": layers,
        "cursor": cursor,
        "point_at": point_at,
        "try": task,
        "also": also,
    }


DISCRIMINATOR_STEP = {
    "id": "discriminator-step",
    "title": "One step of the discriminator",
    "minutes": 2,
    "question": "What does the discriminator learn in one step?",
    "pages": [
        page(
            """The data are two Gaussians. G maps noise to **fakes**. D gets a point and answers
            with the probability that it is real. The colours show $D(x)$ for each point of the
            plane.

            Neither network has learned anything yet, so the colours say nothing about the data.""",
            do=[reset(data="two_gaussians")],
            depth=1,
            layers=["real", "fakes", "heat"],
            point_at="heat",
        ),
        page(
            """Press **Step D** a few times. Each press updates the weights of D once. G does not
            move, so the fakes stay where they are.

            Watch the colours change, a little at a time.""",
            point_at="button-step-d",
            task={"what": "step", "player": "D"},
            also="D has moved a little. One step is small, because the learning rate is small.",
        ),
        page(
            """D has now done 30 steps on its own. It answers more than one half near the data and
            less near the fakes.

            Its loss is $-\\frac1m\\sum\\log D(x) - \\frac1m\\sum\\log(1-D(G(z)))$. It started
            near $2\\log 2 \\approx 1.39$, which is the loss of an answer of one half everywhere,
            and it falls.""",
            do=[reset(data="two_gaussians"), steps_of("D", 30)],
            point_at="plot-losses",
        ),
        page(
            """This is the code of that step, beside the paper's algorithm. First D judges a batch
            of real samples and a batch of fakes. `discriminator_loss` turns the two answers into
            one number.

            Step through the lines with the arrow keys and look at the values.""",
            depth=2,
            cursor=at("D", "start"),
            point_at="algorithm-code",
            task={"what": "lines", "count": 4},
            also="Each line shows what it made: a shape, a mean, and a picture of samples.",
        ),
        page(
            """`loss.backward()` computes the gradient of the loss with respect to every weight of
            D. The graph shows how: the walk starts at the loss and goes back, one operation at a
            time.

            Follow the walk for a few operations. Each rule turns the gradient of its result,
            `gy`, into the gradients of its inputs.""",
            depth=3,
            cursor=walk_at("D", 0, 0),
            point_at="graph-walk",
            task={"what": "walk", "count": 4},
            also="D judged two batches. So two gradients reach each of its weights, and are added.",
        ),
        page(
            """At the end, `d_optimizer.step()` moves each weight against its gradient. That is
            the whole step: **judge, compare, go back, move**.

            D has become better at telling these fakes from the data. It has not changed G at
            all.""",
            depth=2,
            cursor=at("D", "self.d_optimizer.step()", GAN_FILE),
            point_at="algorithm-box",
        ),
    ],
}

FIXED_DISCRIMINATOR = {
    "id": "fixed-discriminator",
    "title": "How G learns through a fixed D",
    "minutes": 2,
    "question": "Why is D frozen when G learns, and why are the fakes detached when D learns?",
    "pages": [
        page(
            """G never sees the data. All that it knows comes from D.

            The arrow on each fake is $-\\partial L_G/\\partial x$: the direction in which this
            fake would have to move so that D takes it for real more often.""",
            do=[reset(data="two_gaussians"), steps_of("D", 60)],
            depth=1,
            layers=["real", "fakes", "heat", "arrows"],
            point_at="arrows",
        ),
        page(
            """Press **Step G** a few times. The fakes follow their arrows, and the colours do not
            change: D is fixed.

            A fake cannot move alone. G moves its weights, and these move all fakes at once.""",
            point_at="button-step-g",
            task={"what": "step", "player": "G"},
            also="The fakes moved, and D did not.",
        ),
        page(
            """Here is the code. `frozen(self.discriminator)` switches off the gradients of D's
            weights. D still takes part: the gradient passes **through** D to the fakes, and from
            there into G.""",
            depth=2,
            cursor=at("G", "with frozen", GAN_FILE),
            point_at="algorithm-code",
            task={"what": "lines", "count": 3},
        ),
        page(
            """In the graph, the walk starts at the loss, passes the operations of D, and reaches
            those of G.

            For D's weights it computes no gradient. `needs` of an operation says for which of its
            inputs a gradient is wanted. That saves work, and D's weights cannot move by
            mistake.""",
            depth=3,
            cursor=walk_at("G", 0, 0),
            point_at="graph-walk",
            task={"what": "walk", "count": 5},
            also="At a Linear of D only the input has a gradient. Its weight and bias have none.",
        ),
        page(
            """When D learns, it is the other way round. The fakes are made inside `no_grad()`, so
            no graph leads from them back into G. In other libraries one writes `fake.detach()`
            for this.

            Without it the result for D would be the same, but the walk would also compute the
            gradients of G, and nobody needs them there.""",
            depth=2,
            cursor=at("D", "with no_grad", GAN_FILE),
            point_at="algorithm-code",
        ),
        page(
            """In the graph of D's step, the fakes are a **leaf**: nothing stands behind them.

            So remember: when D learns, the graph ends at the fakes. When G learns, it passes
            through D and ends at G's weights and the noise.""",
            depth=3,
            cursor=at("D", "end"),
            point_at="graph",
        ),
    ],
}

TWO_LOSSES = {
    "id": "two-losses",
    "title": "log(1 − D) and −log D",
    "minutes": 2,
    "question": "Why do most scripts train G with −log D(G(z))?",
    "pages": [
        page(
            """The paper's algorithm lets G descend $\\log(1-D(G(z)))$, the same number that D
            ascends. This is the **minimax** loss.

            Here D has done 200 steps and G none. D is nearly sure: it gives the fakes 0.03 on
            average.""",
            do=[reset(data="regions", generator_loss="minimax", lr_d=1e-3), steps_of("D", 200)],
            depth=1,
            layers=["real", "fakes", "heat", "arrows"],
            point_at="heat",
        ),
        page(
            """The arrows show how each fake would move. They are drawn relative to the longest
            one. Look at the numbers below the picture: the longest arrow is about 2 long, and the
            mean length is only 0.27.

            Where D is sure, $\\log(1-D)$ is flat, so G learns least where it is worst.""",
            point_at="arrows",
        ),
        page(
            """Now the other loss that the paper proposes, $-\\log D(G(z))$, with the **same** D,
            bit for bit. The mean arrow is 27 times as long: see the number below the picture.

            The directions are the same. Only the lengths differ.""",
            do=[
                reset(data="regions", generator_loss="non_saturating", lr_d=1e-3),
                steps_of("D", 200),
            ],
            point_at="arrows",
        ),
        page(
            """The reason is one line of calculus. Let $D=\\sigma(a)$, where $a$ is what D
            computes before its sigmoid. Then

            $\\frac{\\partial}{\\partial a}\\log(1-\\sigma(a))=-\\sigma(a) = -D$

            and $\\frac{\\partial}{\\partial a}\\bigl(-\\log\\sigma(a)\\bigr)=\\sigma(a)-1 =
            -(1-D)$.

            If $D=0.01$, the first is $-0.01$ and the second is $-0.99$.""",
            point_at="plot-losses",
        ),
        page(
            """In minigan the two losses are two short functions that call the same cross-entropy,
            once with the label 0 and a minus sign, once with the label 1. Step through the lines
            of the loss that is in use now.""",
            depth=4,
            cursor=at("G", "return binary_cross_entropy(p_fake, 1.0)", LOSSES_FILE),
            point_at="line-locals",
            task={"what": "lines", "count": 3},
        ),
        page(
            """Both losses are at rest if G has learned the data and D is one half there. They
            differ in how G gets there.

            Press play: G starts with long arrows and leaves its place within a few steps. Then
            reset, choose the other loss in the settings, do 200 steps of D, and compare.""",
            depth=1,
            point_at="button-play",
            task={"what": "play", "until": 600},
        ),
    ],
}

MODE_COLLAPSE = {
    "id": "mode-collapse",
    "title": "Mode collapse on the ring",
    "minutes": 2,
    "question": "Why do all samples look alike, and how does WGAN-GP find the other modes?",
    "pages": [
        page(
            """The data are eight small Gaussians on a circle, the eight **modes**. In this run D
            learns ten times more slowly than G.

            Press play and watch the fakes until step 700.""",
            do=[reset(data="ring", model="gan", lr_g=1e-3, lr_d=1e-4)],
            depth=1,
            layers=["real", "fakes", "heat"],
            point_at="button-play",
            task={"what": "play", "until": 700},
            also="The fakes ran together and moved about as one small cloud.",
        ),
        page(
            """This is **mode collapse**: different noise gives nearly the same sample. The
            measure *modes found* says how many of the eight modes have a good sample. Here it is
            never more than 2.

            The losses look harmless. They do not show it.""",
            do=[reset(data="ring", model="gan", lr_g=1e-3, lr_d=1e-4), go(700)],
            point_at="plot-measures",
        ),
        page(
            """Look at the arrows. D judges every sample **by itself**. Where D answers highest is
            best for all of them, so all of them go there. Then D learns that fakes are there, and
            they all go to the next place.""",
            layers=["real", "fakes", "heat", "arrows"],
            point_at="arrows",
        ),
        page(
            """Now WGAN-GP, with the same networks and the same seed. Its critic does two steps to
            one of G. The gradient penalty pulls the slope of the critic between the data and the
            fakes toward 1: here it is about 1.5. So the critic is neither flat nor very steep
            there, and the arrows of the fakes have similar lengths.

            Press play.""",
            do=[reset(data="ring", model="wgan_gp")],
            layers=["real", "fakes", "heat"],
            point_at="button-play",
            task={"what": "play", "until": 1500},
            also="In this run all eight modes are found.",
        ),
        page(
            """After 1500 steps all eight modes are found. Between the modes lie a few samples: G
            is continuous, so it cannot jump. The next thousands of steps make these bridges
            thinner.

            The green lines are G. They were a straight grid of noise, and G bends it to the
            ring.""",
            do=[reset(data="ring", model="wgan_gp"), go(1500)],
            layers=["real", "fakes", "grid"],
            point_at="plot-measures",
        ),
        page(
            """WGAN-GP does not always help. With a critic as slow as the D of our first run
            (learning rate 0.0001), it finds no more modes. And on this ring a GAN whose D learns
            faster than G finds all eight, too. Press play: here D has the learning rate 0.003, and
            G 0.001.

            If your samples collapse, a faster D is worth a try.""",
            do=[reset(data="ring", model="gan")],
            layers=["real", "fakes", "heat"],
            point_at="settings",
            task={"what": "play", "until": 1000},
        ),
    ],
}

GRADIENT_OF_GRADIENT = {
    "id": "gradient-of-gradient",
    "title": "The gradient of a gradient",
    "minutes": 2,
    "question": "How can a gradient be part of a loss?",
    "pages": [
        page(
            """WGAN-GP wants a critic $f$ whose slope is 1 between the data and the fakes. So its
            loss has a **penalty**: $\\lambda\\,(\\lVert\\nabla f(\\hat x)\\rVert-1)^2$.

            A gradient stands inside the loss. To learn, we need the gradient of that.""",
            do=[reset(data="ring", model="wgan_gp", penalty_weight=1), go(300)],
            depth=2,
            cursor=at("D", "losses.gradient_penalty", GP_FILE),
            point_at="algorithm-code",
        ),
        page(
            """The points $\\hat x$ lie on straight lines between real samples and fakes. `scores`
            is what the critic gives them.

            `grad(..., create_graph=True)` goes back from the scores to $\\hat x$.""",
            depth=4,
            cursor=at("D", "grad(scores.sum()", LOSSES_FILE),
            point_at="line-locals",
            task={"what": "lines", "count": 3},
        ),
        page(
            """This is the first graph, from $\\hat x$ to the scores, and the walk back through
            it. An ordinary walk gives plain arrays to the rules. With `create_graph` it gives
            **Tensors**. So each operation inside a rule is recorded.

            Follow the walk: the second graph grows out of the first.""",
            depth=3,
            cursor=walk_at("D", 0, 0),
            point_at="graph-walk",
            task={"what": "walk", "count": 5},
            also="Every rule has added its own operations to the second graph.",
        ),
        page(
            """The walk has arrived at $\\hat x$. The result, $\\nabla f(\\hat x)$, is the end of
            the second graph, and from it come the norm, the penalty and the loss.

            The rule is written once. The same lines of `Linear.backward` do for the gradient
            and for the gradient of the gradient.""",
            depth=3,
            cursor=walk_at("D", 0, 5),
            point_at="graph",
        ),
        page(
            """Then `loss.backward()` goes back through **both** graphs. It starts at the loss,
            passes the penalty and the second graph, and reaches the weights of the critic.

            Each weight gets gradients from several places. They are added.""",
            depth=3,
            cursor=walk_at("D", 1, 0),
            point_at="graph-walk",
            task={"what": "walk", "count": 6},
        ),
        page(
            """What does the penalty do? The number $\\lVert\\nabla f(\\hat x)\\rVert$ below the
            losses is the mean slope of the critic at $\\hat x$. The *critic's gap* is the mean of
            $f(x)$ minus the mean of $f(G(z))$. If the slope is at most 1 everywhere, the gap is at
            most the Wasserstein distance. Press play. The slope stays near 1, and the gap falls.

            Here $\\lambda=1$. With $\\lambda=0.1$ it stays near 1.5.""",
            depth=1,
            layers=["real", "fakes", "heat", "arrows"],
            point_at="plot-losses",
            task={"what": "play", "until": 900},
        ),
    ],
}

ONE_HALF = {
    "id": "one-half",
    "title": "D is one half everywhere, or when to stop",
    "minutes": 2,
    "question": "The losses do not fall. Is the GAN finished, or is it broken?",
    "pages": [
        page(
            """In most of machine learning the loss falls, and one stops when it no longer does.
            In a GAN two players pull at one number, or at two that depend on each other.

            Press play until step 2000, and watch the losses.""",
            do=[reset(data="two_gaussians")],
            depth=1,
            layers=["real", "fakes", "heat"],
            point_at="plot-losses",
            task={"what": "play", "until": 2000},
            also="After a few hundred steps, the losses hardly change any more.",
        ),
        page(
            """For a fixed G, the best D answers
            $D^*(x)=\\frac{p_\\text{data}(x)}{p_\\text{data}(x)+p_G(x)}$. If G makes exactly the
            data's distribution, this is **one half everywhere**. The loss of D is then $2\\log
            2\\approx 1.386$, and that of G is $\\log 2\\approx 0.693$.""",
            do=[reset(data="two_gaussians"), go(2000)],
            point_at="plot-losses",
        ),
        page(
            """The losses are near these two numbers now. D gives real samples and fakes about one
            half.

            But look at the colours far from the samples: there D may say anything, because it is
            never trained there.""",
            point_at="heat",
        ),
        page(
            """Is G finished? The **measures** say no: the Jensen-Shannon divergence is far above
            that of real samples, which the dotted line shows.

            So a loss of 1.386 only says that *this* D can find no difference. D may be too small,
            or it may learn too slowly.""",
            point_at="plot-measures",
        ),
        page(
            """Train on to step 4000. The losses stay where they are. The fakes and the measures
            go up and down: in this run both players keep moving around the solution.""",
            point_at="button-play",
            task={"what": "play", "until": 4000},
        ),
        page(
            """So: **do not stop by the losses.** Stop by samples and by a measure that does not
            depend on D. Keep the best checkpoint, or average the weights of G.

            And a real warning sign is the opposite of one half: if $D(x)$ stays near 1 and
            $D(G(z))$ near 0, D recognises every fake, and G may learn little.""",
            do=[reset(data="two_gaussians"), go(4000)],
            point_at="plot-measures",
        ),
    ],
}

LESSONS = [
    DISCRIMINATOR_STEP,
    FIXED_DISCRIMINATOR,
    TWO_LOSSES,
    MODE_COLLAPSE,
    GRADIENT_OF_GRADIENT,
    ONE_HALF,
]
