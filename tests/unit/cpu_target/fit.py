#!/usr/bin/env python3
"""The coefficients of MathExpansions.cpp: near-minimax fits at Chebyshev nodes. Prints C++ initialisers, lowest degree first."""
import numpy as np, math
def fit(f, lo, hi, degree, weight, n=4000):
    k = np.arange(n); t = np.cos(np.pi*(k+.5)/n); x = (hi+lo)/2 + (hi-lo)/2*t
    y = np.array([f(v) for v in x], dtype=np.float64); w = np.array([weight(v) for v in x], dtype=np.float64)
    best=None
    lw=np.ones(n)
    for it in range(60):
        c = np.polynomial.chebyshev.Chebyshev.fit(x, y, degree, w=w*np.sqrt(lw), domain=[lo,hi])
        e = np.abs(c(x)-y)*w
        m=e.max()
        if best is None or m<best[0]: best=(m,c)
        lw=lw*(e/m+1e-6); lw/=lw.mean()
    m,c=best
    p=c.convert(kind=np.polynomial.Polynomial,domain=[-1,1],window=[-1,1])
    return p.coef, m
def show(name, c, err, single):
    v=[float(np.float32(q)) if single else float(q) for q in c]
    print(f'// {name}: error 2^{math.log2(err):.1f}')
    print(f'constexpr double {name}[] = {{'+', '.join((f'{q:.9g}' if single else f'{q:.17g}') for q in v)+'};')
L=np.longdouble
h=math.log(2)/2*1.0001
# e^r = 1 + r + r^2 q(r)
def q2(r):
    r=L(r)
    if abs(r)<1e-3: return float(L(1)/2+r/6+r*r/24+r**3/120)
    return float((np.expm1(r)-r)/(r*r))
for name,deg,single in (('expTail',4,True),('expTail64',8,False)):
    c,e=fit(q2,-h,h,deg,lambda r:r*r); show(name,c,e,single)
def q22(r):
    r=L(r); l=np.log(L(2))
    if abs(r)<1e-5: return float(l+l*l*r/2)
    return float(np.expm1(r*l)/r)
c,e=fit(q22,-.50001,.50001,5,lambda r:abs(r)); show('exp2Tail',c,e,True)
a,b=math.sqrt(.5)-1,math.sqrt(2)-1
def ql(f):
    f=L(f)
    if abs(f)<1e-3: return float(L(1)/3-f/4+f*f/5-f**3/6)
    return float((np.log1p(f)-f+f*f/2)/f**3)
c,e=fit(ql,a*1.0001,b*1.0001,8,lambda f:abs(f**3/math.log1p(f)) if f else 0); show('logTail',c,e,True)
def qa(z): # atanh(s)/s = 1 + z*q(z), z=s^2
    z=L(z)
    if z<1e-6: return float(L(1)/3+z/5)
    s=np.sqrt(z); return float((np.arctanh(s)/s-1)/z)
c,e=fit(qa,0,.02945,6,lambda z:z); show('atanhTail64',c,e,False)
def qt(z):
    z=L(z)
    if z<1e-4: return float(-L(1)/3+z*2/15-z*z*17/315)
    s=np.sqrt(z); return float((np.tanh(s)/s-1)/z)
c,e=fit(qt,0,.4,4,lambda z:z); show('tanhTail',c,e,True)
def qs(z):
    z=L(z)
    if z<1e-4: return float(-L(1)/6+z/120-z*z/5040)
    s=np.sqrt(z); return float((np.sin(s)/s-1)/z)
def qc(z):
    z=L(z)
    if z<1e-3: return float(L(1)/24-z/720+z*z/40320)
    s=np.sqrt(z); return float((np.cos(s)-1+z/2)/(z*z))
c,e=fit(qs,0,.618,4,lambda z:z); show('sinTail64',c,e,False)
c,e=fit(qc,0,.618,4,lambda z:z*z); show('cosTail64',c,e,False)
def qat(z):
    z=L(z)
    if z<1e-5: return float(-L(1)/3+z/5-z*z/7)
    s=np.sqrt(z); return float((np.arctan(s)/s-1)/z)
c,e=fit(qat,0,1,13,lambda z:z); show('atanTail64',c,e,False)
def qe(z):
    if z<1e-4: return 2/math.sqrt(math.pi)*(1-z/3+z*z/10)-1
    s=math.sqrt(z); return math.erf(s)/s-1
for name,deg,single in (('erfTail',6,True),('erfTail64',9,False)):
    c,e=fit(qe,0,.93**2,deg,lambda z:1); show(name,c,e,single)
# 1-erf(a)=exp(-Q(a)), a in [.92,4]
def qq(a): return -math.log(math.erfc(a))
for d in (6,7,8):
    c,e=fit(qq,.915,4.0,d,lambda a: math.erfc(a)/math.erf(a)); show('erfLarge',c,e,True)
# erfc(x) = exp(-x^2) * t*G(t), t=1/(1+x/2)  [x in 0..10.1]
def qg(t):
    x=(1/t-1)*2
    return math.erfc(x)*math.exp(x*x)  # x^2<=102
for d in (12,14,16):
    c,e=fit(qg,1/(1+10.3/2),1.0,d,lambda t:1/qg(t)); show('erfcScaled64',c,e,False)
