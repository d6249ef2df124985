"""PyTorch's names: those that minigan accepts, and errors that say what to write for the others.

A name or setting with the same meaning is accepted. For any other, the error says in one sentence
what to write instead. docs/from_pytorch.md has the whole table.
"""

from functools import partial

import numpy as np

from minigan import backend
from minigan.guards.data import refuse_keywords

GPU = "minigan.backend.use('cupy'), before the networks are made, puts everything on the GPU"
IN_PLACE = "there is no in-place method: under no_grad(), +=, -=, *= and /= write into a leaf"
FILL = "nn.init fills a parameter: uniform_, normal_, constant_"
ON_ARRAY = "it has no gradient: use the method of x.numpy()"

# {PyTorch's name: what to write here}, for names that Tensor, Module, the package, ... do not have.
TENSOR = {
    "add_": IN_PLACE,
    "all": "a comparison gives a NumPy array; for the data, write x.numpy().all()",
    "any": "a comparison gives a NumPy array; for the data, write x.numpy().any()",
    "argmax": ON_ARRAY,
    "argmin": ON_ARRAY,
    "bmm": "write a @ b",
    "bool": "write x.data.astype(bool)",
    "byte": "write x.data.astype('uint8')",
    "chunk": "take the parts with slices, as in x[:n], x[n:]",
    "clone": "minigan.tensor(x.data) is a copy; operations never change x, so most need none",
    "cos": "minigan has no such operation; write a subclass of Op",
    "device": "all arrays are on the backend in use: backend.current()",
    "div": "write a / b",
    "expand": "write ops.broadcast_to(x, shape)",
    "expand_as": "write ops.broadcast_to(x, y.shape)",
    "fill_": FILL,
    "gather": "index with arrays of integers, as in x[np.arange(n), labels]",
    "grad_fn": "x.op is the operation that made x",
    "half": "minigan computes in float32 and float64: leave it out",
    "int": "write x.data.astype('int32')",
    "is_cuda": "all arrays are on the backend in use: backend.current()",
    "is_leaf": "write x.op is None",
    "log_softmax": "write ops.log_softmax(x, axis)",
    "long": "write x.data.astype('int64')",
    "masked_fill": "write ops.where(mask, value, x)",
    "matmul": "write a @ b",
    "mm": "write a @ b",
    "mul": "write a * b",
    "narrow": "write a slice, as in x[:, start:stop]",
    "normal_": FILL,
    "pow": "write x ** n",
    "register_hook": "read the gradient with grad(loss, x), or at a breakpoint in a rule",
    "repeat": "write ops.broadcast_to, or ops.concatenate([x, x])",
    "retain_grad": "only leaves keep a .grad; write grad(loss, x)",
    "rsqrt": "write x ** -0.5",
    "select": "write an index, as in x[:, i]",
    "sin": "minigan has no such operation; write a subclass of Op",
    "softmax": "write ops.log_softmax(x, axis).exp()",
    "split": "take the parts with slices, as in x[:n], x[n:]",
    "square": "write x * x",
    "std": "write x.var(axis, correction=1).sqrt()",
    "sub": "write a - b",
    "t": "write x.T",
    "tolist": "write x.numpy().tolist()",
    "type": "write x.float(), x.double() or x.data.astype(dtype)",
    "uniform_": FILL,
    "unbind": "iterate over x, as in `for row in x`",
    "view_as": "write x.reshape(y.shape)",
    "zero_": "to forget a gradient, write p.grad = None or module.zero_grad()",
}
MODULE = {
    "add_module": "write setattr(module, name, layer)",
    "bfloat16": "minigan computes in float32 and float64: leave it out",
    "children": "write [module for _, module in self.named_children()]",
    "half": "minigan computes in float32 and float64: leave it out",
    "load": "write module.load_state_dict(minigan.load(path))",
    "named_buffers": "write module.buffers(), or the names in buffer_names",
    "register_buffer": "set self.NAME to an array, and the class's buffer_names to its name",
    "register_forward_hook": "call the layers one by one, as in `for layer in sequential`",
    "register_parameter": "write self.NAME = nn.Parameter(...)",
    "save": "write minigan.save(module.state_dict(), path)",
    "share_memory": "leave it out",
    "to_empty": "leave it out",
    "type": "write module.float() or module.double()",
}
PACKAGE = {
    "FloatTensor": "write minigan.tensor(data)",
    "LongTensor": "labels are arrays: write np.array(labels)",
    "Variable": "write Tensor(data)",
    "arange": "write minigan.tensor(np.arange(...), dtype='float32')",
    "argmax": ON_ARRAY,
    "backends": "leave it out",
    "cdist": "write ((a[:, None] - b[None]) ** 2).sum(axis=-1).sqrt()",
    "cuda": GPU,
    "device": f"leave it out: {GPU}",
    "distributed": "examples/mpi_wgan_gp.py trains on several processes",
    "empty": "write minigan.zeros(shape)",
    "enable_grad": "end the no_grad() block instead",
    "eye": "write minigan.tensor(np.eye(n), dtype='float32')",
    "float16": "minigan computes in float32 and float64",
    "functional": "write from minigan.nn import functional as F",
    "inference_mode": "write no_grad()",
    "int64": "write np.int64",
    "is_tensor": "write isinstance(x, Tensor)",
    "linspace": "write minigan.tensor(np.linspace(...), dtype='float32')",
    "long": "write np.int64",
    "matmul": "write a @ b",
    "mm": "write a @ b",
    "mul": "write a * b",
    "multinomial": "draw with backend.rng().choice",
    "normal": "write mean + std * minigan.randn(*shape)",
    "pow": "write x ** n",
    "randint": "write backend.rng().integers(low, high, size)",
    "randperm": "write backend.rng().permutation(n)",
    "set_grad_enabled": "write no_grad()",
    "softmax": "write ops.log_softmax(x, axis).exp()",
    "std": "write x.var(axis, correction=1).sqrt()",
    "squeeze": "write x.squeeze(axis)",
    "unsqueeze": "write x.unsqueeze(axis)",
    "utils": "minigan.datasets.minibatches gives the minibatches",
    "vstack": "write ops.concatenate(tensors)",
}
NN = {
    "BCELoss": "write losses.binary_cross_entropy(p, target), a function",
    "BCEWithLogitsLoss": "write losses.binary_cross_entropy_with_logits(x, target), a function",
    "BatchNorm3d": "minigan has BatchNorm1d and BatchNorm2d",
    "Conv1d": "minigan has Conv2d: use images of height 1",
    "CrossEntropyLoss": "write losses.cross_entropy(logits, labels), a function",
    "DataParallel": "leave it out; NumPy's products use all cores",
    "ELU": "write your own Module with ops.where",
    "Embedding": "index a Parameter of shape (classes, n), as in self.table[labels]",
    "GELU": "use LeakyReLU, Softplus or Tanh",
    "GroupNorm": "use LayerNorm",
    "InstanceNorm2d": "use LayerNorm",
    "L1Loss": "write abs(y - target).mean()",
    "LogSoftmax": "write ops.log_softmax(x, axis) in forward",
    "MSELoss": "write nn.functional.mse_loss(y, target), a function",
    "MaxPool2d": "use Conv2d with stride=2",
    "ModuleDict": "set an attribute for each module",
    "AvgPool2d": "use Conv2d with stride=2",
    "PReLU": "use LeakyReLU",
    "ParameterList": "set an attribute for each Parameter",
    "ReflectionPad2d": "use Conv2d's padding",
    "SiLU": "write x * x.sigmoid() in forward",
    "Softmax": "write ops.log_softmax(x, axis).exp() in forward",
    "UpsamplingNearest2d": "write Upsample(scale_factor=2)",
    "ZeroPad2d": "use Conv2d's padding",
    "utils": "minigan has neither clip_grad_norm_ nor spectral_norm; change p.grad before step()",
}
FUNCTIONAL = {
    "avg_pool2d": "use nn.Conv2d with stride=2",
    "conv2d": "use nn.Conv2d",
    "conv_transpose2d": "use nn.ConvTranspose2d",
    "elu": "write ops.where",
    "embedding": "index a Parameter, as in table[labels]",
    "interpolate": "use nn.Upsample(scale_factor=2)",
    "max_pool2d": "use nn.Conv2d with stride=2",
    "normalize": "write x / x.norm(axis=1, keepdims=True)",
    "one_hot": "write np.eye(classes, dtype='float32')[labels]",
    "pad": "use nn.Conv2d's padding",
    "smooth_l1_loss": "write ops.where",
}
OPTIM = {
    "AdamW": "Adam(..., weight_decay=) adds λ p to the gradient, which is PyTorch's Adam",
    "Adagrad": "use RMSprop",
    "lr_scheduler": "set the learning rate at any time, as in optimizer.lr = 1e-4",
    "swa_utils": "write optim.AveragedModel(model, decay)",
}
OPTIMIZER = {
    "add_param_group": "make one optimizer for each group of parameters",
    "param_groups": "set the learning rate with optimizer.lr, and read the list optimizer.params",
}
INIT = {
    "kaiming_normal_": "write normal_(p, 0.0, (2 / fan_in) ** 0.5)",
    "kaiming_uniform_": "write default_(p, fan_in), which PyTorch's layers have",
    "ones_": "write constant_(p, 1.0)",
    "orthogonal_": "write p.copy_(np.linalg.qr(...)[0])",
    "xavier_normal_": "write normal_(p, 0.0, (2 / (fan_in + fan_out)) ** 0.5)",
    "xavier_uniform_": "write uniform_(p, -a, a), with a = (6 / (fan_in + fan_out)) ** 0.5",
    "zeros_": "write constant_(p, 0.0)",
}
LOSS_FUNCTIONS = {
    "bce": "write losses.binary_cross_entropy(p, target)",
    "mse": "write nn.functional.mse_loss(y, target)",
    "mse_loss": "write nn.functional.mse_loss(y, target)",
}


def missing(owner, name, table, of=None):
    """The AttributeError for a name that `owner` does not have. The table may have a remedy.

    of: the object. If its class has a property of this name, the property has failed. Then the
    error is the property's own.
    """
    if of is not None:
        raise_error_of_property(of, name)
    remedy = table.get(name)
    if remedy is None and name.endswith("_") and not name.startswith("_") and table is TENSOR:
        remedy = IN_PLACE
    text = f"{owner} has no attribute {name!r}" + (f": {remedy}" if remedy else "")
    return AttributeError(text, name=name, obj=of)


def raise_error_of_property(x, name):
    """Run the property x.name, if there is one, again, because Python drops its AttributeError.

    Python calls __getattr__ if there is no x.name, and also if a property raises AttributeError.
    """
    for cls in type(x).__mro__:
        if hasattr(vars(cls).get(name), "__get__"):
            vars(cls)[name].__get__(x, type(x))
            return


def check_no_effect(keywords, **accepted):
    """Raise TypeError for a keyword that is not accepted, or has a value that is not.

    accepted: PyTorch's keywords, with the values that have no effect here.
    """
    for name, value in keywords.items():
        if name not in accepted:
            refuse_keywords({name: value})
        if value not in accepted[name]:
            raise TypeError(f"{name}={value!r} is not possible here: leave it out")


# PyTorch's names that a Tensor and a Module accept.


def tensor_attribute(x, name):
    """Return x.name for a name that the class Tensor does not have, or raise AttributeError."""
    if name in SAME_FOR_TENSORS and not hasattr(type(x), name):
        return partial(SAME_FOR_TENSORS[name], x)
    raise missing("a Tensor", name, TENSOR, x)


def module_attribute(module, name):
    """Return module.name for a name that the Module does not have, or raise AttributeError."""
    if name in SAME_FOR_MODULES and not hasattr(type(module), name):
        return partial(SAME_FOR_MODULES[name], module)
    raise missing(type(module).__name__, name, MODULE, module)


def missing_in_package(name, Tensor):
    """The AttributeError for a name that the package does not have; Tensor is the class."""
    if name not in PACKAGE and not name.startswith("_") and hasattr(Tensor, name):
        return missing("module 'minigan'", name, {name: f"write x.{name}(...)"})
    return missing("module 'minigan'", name, PACKAGE)


def to_device_or_dtype(x, *targets, device=None, dtype=None, non_blocking=False):
    """Return x, with the dtype that is asked for. Raise an error for a device that x is not on."""
    for target in (*targets, *[t for t in (device, dtype) if t is not None]):
        text = getattr(target, "__name__", str(target))
        if "float32" in text:
            x = x.float()
        elif "float64" in text:
            x = x.double()
        else:
            check_place(x, text)
    return x


def check_place(x, device):
    """Raise RuntimeError unless the arrays of a Tensor or a Module are on a device."""
    if device.partition(":")[0] not in ("cpu", "cuda"):
        raise TypeError(f"there is no device or dtype {device!r} to go to")
    arrays = [x.data] if hasattr(x, "op") else [p.data for p in x.parameters()]
    if not arrays:  # a module without parameters works anywhere
        return
    on_gpu = backend.get_array_module(*arrays) is not np
    if device != "cpu" and not on_gpu:
        raise RuntimeError(f"this {type(x).__name__} is on the CPU, and stays there: {GPU}")
    if device == "cpu" and on_gpu:
        raise RuntimeError(
            f"this {type(x).__name__} is on the GPU, and stays there; x.numpy() and state_dict() "
            "are copies"
        )


def to_device(device, x, *index):
    """x.cpu(), x.cuda() and x.cuda(0)."""
    return to_device_or_dtype(x, device)


def as_dtype(dtype, x):
    """Return x in another dtype. Raise TypeError if x requires a gradient."""
    if x.dtype == dtype:
        return x
    if x.requires_grad:
        raise TypeError(
            f"a Tensor of {x.dtype} with a gradient stays what it is: convert the module with "
            ".float() or .double(), and data with .astype"
        )
    return type(x.detach())(x.data.astype(dtype))


SAME_FOR_MODULES = {
    "cpu": partial(to_device, "cpu"),
    "cuda": partial(to_device, "cuda"),
    "to": to_device_or_dtype,
}
SAME_FOR_TENSORS = {
    **SAME_FOR_MODULES,
    "clamp": lambda x, min=None, max=None: x.clip(min, max),
    "contiguous": lambda x: x,
    "dim": lambda x: x.ndim,
    "double": partial(as_dtype, np.float64),
    "float": partial(as_dtype, np.float32),
    "numel": lambda x: x.size,
    "permute": lambda x, *axes: x.transpose(axes[0] if len(axes) == 1 else axes),
    "view": lambda x, *sizes: x.reshape(*sizes),
}
