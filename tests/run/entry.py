"""Calls entry points of a shared object through the C ABI, by the prototypes of its generated header.

Every array ends where a page ends behind which nothing is mapped, so that a load or store behind it is a crash. An output has
canaries before it and is filled with NaN patterns before a call; so is the workspace, which is given on one of the two calls
and left to the object on the other. What is not as promised raises Broken.
"""
import ctypes
import faulthandler
import mmap
import re

import numpy as np

OK, ARGUMENT, CONTRACT, WORKSPACE, DATA = 0, 1, 2, 3, 4
GUARD = 64  # bytes before each output, and around the workspace
PAGE = mmap.PAGESIZE
mprotect = ctypes.CDLL(None).mprotect
mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
faulthandler.enable()


class Broken(Exception):
    pass


class Call(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("abi", ctypes.c_uint32), ("device", ctypes.c_int32),
                ("max_workers", ctypes.c_int32), ("stream", ctypes.c_void_p), ("workspace", ctypes.c_void_p),
                ("workspace_bytes", ctypes.c_size_t), ("parallel_for", ctypes.c_void_p),
                ("parallel_context", ctypes.c_void_p), ("report", ctypes.c_void_p), ("error_text", ctypes.c_char_p),
                ("error_text_bytes", ctypes.c_size_t)]


C_TYPES = {"float": np.float32, "double": np.float64, "tx_f16": np.uint16, "tx_bf16": np.uint16,
           "tx_f8e4m3": np.uint8, "tx_f8e5m2": np.uint8,
           **{f"{u}int{bits}_t": np.dtype(f"{u}int{bits}").type for u in ("", "u") for bits in (8, 16, 32, 64)}}


def prototypes(header):
    """{function: [(type, is_pointer, name)]} of a generated header."""
    out = {}
    for name, parameters in re.findall(r"^tx_status (\w+)\(([^;]*)\);", header, re.M):
        out[name] = [re.fullmatch(r"(?:const )?(\w+) (\*?)(\w+)", p.strip()).groups() for p in parameters.split(",")]
    return out


def before_a_hole(count):
    """`count` bytes; behind them stands a page that nobody may touch."""
    whole = np.frombuffer(mmap.mmap(-1, -(-count // PAGE) * PAGE + PAGE), np.uint8)
    end = len(whole) - PAGE
    if mprotect(whole.ctypes.data + end, PAGE, 0):
        raise OSError("mprotect")
    return whole[end - count:end]


def copied(array):
    inside = before_a_hole(array.nbytes).view(array.dtype).reshape(array.shape)
    inside[...] = array
    return inside


class Guarded:
    """An array with canaries before it and a hole behind, filled with a NaN pattern; for a benchmark aligned as malloc does."""

    def __init__(self, shape, dtype, is_timed=False):
        count = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        self.memory = np.empty(GUARD + count, np.uint8) if is_timed else before_a_hole(GUARD + count)
        self.memory[:GUARD] = 0xA5
        self.inside = self.memory[GUARD:]
        self.inside[:] = 0xFF
        self.array = self.inside.view(dtype).reshape(shape)

    def address(self):
        return self.inside.ctypes.data

    def check(self, name):
        if (self.memory[:GUARD] != 0xA5).any():
            raise Broken(f"{name}: written outside")


def aligned_block(count):
    block = np.full(count + 3 * GUARD, 0xFF, np.uint8)
    skip = -block.ctypes.data % 64
    return block, block[skip:skip + count], block[skip + count:skip + count + GUARD]


class Library:
    def __init__(self, path, header):
        self.functions = ctypes.CDLL(str(path))
        self.prototypes = prototypes(header)

    def arguments(self, name, values, outputs, call):
        """ctypes arguments in the header's order, from values by name."""
        out = []
        for c_type, pointer, parameter in self.prototypes[name]:
            if c_type == "tx_call":
                out.append(ctypes.byref(call))
            elif pointer and parameter in outputs:
                out.append(ctypes.c_void_p(outputs[parameter].address()))
            elif pointer:
                array = values[parameter]
                if array.dtype != C_TYPES[c_type] or not array.flags.c_contiguous:
                    raise Broken(f"{name}: the header says {c_type} *{parameter}, the test has {array.dtype}")
                out.append(ctypes.c_void_p(array.ctypes.data))
            else:
                out.append(np.ctypeslib.as_ctypes_type(C_TYPES[c_type])(values[parameter]))
        return out

    def workspace_bytes(self, name, values, call):
        size = ctypes.c_size_t(0)
        known = self.prototypes[name + "_workspace"][:-1]
        if any(pointer and c_type != "tx_call" for c_type, pointer, _ in known):
            raise Broken(f"{name}_workspace takes data")
        arguments = [ctypes.byref(call) if c_type == "tx_call" else np.ctypeslib.as_ctypes_type(C_TYPES[c_type])(
            values[parameter]) for c_type, _, parameter in known]
        status = self.functions[name + "_workspace"](*arguments, ctypes.byref(size))
        return status, size.value

    def call(self, name, values, outputs, workers=1, own_workspace=False):
        """`outputs`: {name: (shape, dtype)}; one that is among the values, too, is lent and starts as that. The status, the
        error's text and the arrays."""
        text = ctypes.create_string_buffer(256)
        call = Call(ctypes.sizeof(Call), 1, -1, workers, error_text=ctypes.addressof(text), error_text_bytes=256)
        results = {key: Guarded(*spec) for key, spec in outputs.items()}
        for key in results.keys() & values.keys():
            results[key].array[...] = values[key]
        starts = {key: guarded.inside.copy() for key, guarded in results.items()}
        status, size = self.workspace_bytes(name, values, call)
        canary = None
        if status == OK and not own_workspace and size:
            keep, block, canary = aligned_block(size)
            canary[:] = 0x5A
            call.workspace, call.workspace_bytes = block.ctypes.data, size
        inputs = {key: value for key, value in values.items() if isinstance(value, np.ndarray)}
        values = {**values, **{key: copied(value) for key, value in inputs.items()}}
        status = self.functions[name](*self.arguments(name, values, results, call))
        if canary is not None and (canary != 0x5A).any():
            raise Broken(f"{name}: written behind the workspace")
        for key, guarded in results.items():
            guarded.check(key)
            if status in (ARGUMENT, CONTRACT, WORKSPACE) and (guarded.inside != starts[key]).any():
                raise Broken(f"{key}: written before an entry error")
        for key, before in inputs.items():
            if before.tobytes() != values[key].tobytes():
                raise Broken(f"{key}: an input was written")
        return status, text.value.decode(), {key: guarded.array for key, guarded in results.items()}
