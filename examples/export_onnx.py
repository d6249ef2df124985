"""Export a trained generator as an ONNX file, which onnxruntime, a browser or a phone can run.

    python examples/export_onnx.py examples/data/mnist_gan digits.onnx    # the committed generator
    python examples/export_onnx.py runs/mnist_dcgan digits.onnx           # a run of yours

The input "z" is noise, (N, latent_dim). The output "images" is what the generator makes of it in
eval mode. N is free. The script needs one more package: pip install -e '.[onnx]'
"""

import argparse

import numpy as np
from paths import EXAMPLES

import minigan
from minigan import nn
from minigan.runs import console
from minigan.runs.files import atomic_write
from minigan.runs.finished import FinishedRun, best_weights
from minigan.runs.flags import check_out_file, read, user_path

OPSET, IR_VERSION = 17, 8  # from 2022, so that older runtimes read the file
ACTIVATIONS = {nn.ReLU: "Relu", nn.Sigmoid: "Sigmoid", nn.Softplus: "Softplus", nn.Tanh: "Tanh"}
NEAREST = {
    "mode": "nearest",
    "coordinate_transformation_mode": "asymmetric",
    "nearest_mode": "floor",
}


def load(folder):
    """Load the generator of the run in a folder. The example that trained it builds the network."""
    run = FinishedRun(folder, EXAMPLES)
    return run.network("generator", best_weights(run.state))


def translate(layer):
    """Translate a layer into nodes: for each, its operator, its inputs besides x, its settings.

    Raises ValueError for an unknown layer.
    """
    kind, state = type(layer), layer.state_dict()
    if kind is nn.Linear:
        return [("Gemm", state, {"transB": 1})]
    if kind in ACTIVATIONS:
        return [(ACTIVATIONS[kind], {}, {})]
    if kind is nn.LeakyReLU:
        return [("LeakyRelu", {}, {"alpha": layer.negative_slope})]
    if kind in (nn.BatchNorm1d, nn.BatchNorm2d):
        del state["num_batches_tracked"]
        if layer.weight is None:  # affine=False
            mean = state["running_mean"]
            state = {"weight": np.ones_like(mean), "bias": np.zeros_like(mean), **state}
        return [("BatchNormalization", state, {"epsilon": layer.eps})]
    if kind in (nn.Dropout, nn.Dropout2d, nn.Identity):
        return []  # in eval mode it returns x
    if kind is nn.Flatten:
        return [("Flatten", {}, {"axis": 1})]
    if kind is nn.Unflatten and layer.dim == 1:
        shape = np.array([0, *layer.unflattened_size])  # 0 keeps N
        return [("Reshape", {"shape": shape}, {})]
    if kind is nn.Conv2d:
        return [("Conv", state, {"strides": layer.stride, **padding(layer)})]
    if kind is nn.ConvTranspose2d:
        extra = {"output_padding": layer.output_padding}
        return [("ConvTranspose", state, {"strides": layer.stride, **padding(layer), **extra})]
    if kind is nn.Upsample:
        return [resize(layer.scale_factor)]
    if kind is nn.UpsampleConv2d:
        return [resize((2, 2)), ("Conv", state, padding(layer))]
    raise ValueError(f"no ONNX operator is known here for the layer {layer}")


def padding(layer):
    """The padding of a convolution: equal on both sides, or Keras's, with the larger half after."""
    if layer.padding == "same":
        return {"auto_pad": "SAME_UPPER"}
    return {"pads": layer.padding * 2}


def resize(scale_factor):
    scales = np.array([1, 1, *scale_factor], dtype=np.float32)
    return "Resize", {"": None, "scales": scales}, NEAREST  # the unnamed input is a crop


def export(G):
    """Return G, a Sequential that begins with a Linear, as a checked onnx.ModelProto.

    Raises ValueError for a layer without an ONNX operator here, or for a subclass of Sequential
    whose forward does something else.
    """
    if type(G).forward is not nn.Sequential.forward:
        raise ValueError(f"{type(G).__name__} has a forward of its own, which is not translated")
    from onnx import TensorProto, checker, helper, numpy_helper

    nodes, arrays, x = [], [], "z"
    for i, layer in enumerate(G):
        for operator, inputs, settings in translate(layer):
            names = {name: name and f"{i}.{name}" for name in inputs}
            nodes.append(
                helper.make_node(operator, [x, *names.values()], [f"{i}.{operator}"], **settings)
            )
            arrays += [numpy_helper.from_array(inputs[k], name) for k, name in names.items() if k]
            x = f"{i}.{operator}"
    nodes[-1].output[0] = "images"
    latent_dim = G[0].in_features
    with minigan.no_grad():
        shape = G.eval()(minigan.randn(1, latent_dim)).shape[1:]
    z = helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", latent_dim])
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", *shape])
    graph = helper.make_graph(nodes, "generator", [z], [images], arrays)
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
    checker.check_model(model, full_check=True)
    return model


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "run", type=user_path, help="folder of a training run, with its checkpoint.npz"
    )
    parser.add_argument("out", type=user_path, help="the ONNX file to write")
    args = parser.parse_args(argv)
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        parser.error(f"{error}; install it: pip install -e '.[onnx]'")
    read(check_out_file, args.out)
    G = read(load, args.run)
    model = read(export, G)
    with atomic_write(args.out) as temporary:
        temporary.write_bytes(model.SerializeToString())
    print(f"{args.out}: {len(model.graph.node)} nodes, from z, (N, {G[0].in_features}), to images")


if __name__ == "__main__":
    console.run(main)
