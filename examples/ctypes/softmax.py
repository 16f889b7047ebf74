#!/usr/bin/env python3
"""Calls a compiled program from Python with nothing but the standard library.

    texprc ../softmax/softmax.tx --emit=so -o softmax.so && python3 softmax.py ./softmax.so
"""
import ctypes
import sys

softmax = ctypes.CDLL(sys.argv[1]).softmax
softmax.argtypes = [ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]

m, n = 2, 3
x = (ctypes.c_float * (m * n))(0, 1, 2, -1000, 0, -1000)
y = (ctypes.c_float * (m * n))()
status = softmax(m, n, x, y, None)  # the last is the tx_call; NULL takes the defaults
if status:
    sys.exit(f"softmax returned {status}")
for i in range(m):
    print(*(f"{value:.4f}" for value in y[i * n:(i + 1) * n]))
