// exp, log, tanh, erf and what follows from them, on whole vectors; a few units in the last place over the whole
// range, NaN in gives NaN out. Only lane-wise arithmetic, so that a value's bits do not depend on its lane.
// Polynomials: Cephes (expf, logf, tanhf); erf after N. Juffa.
#include <math.h>

MPK_INLINE mpk_v mpk_abs(mpk_v x) { return __builtin_elementwise_abs(x); }

MPK_INLINE mpk_v mpk_copysign(mpk_v magnitude, mpk_v sign) {
    return (mpk_v)(((mpk_vi)magnitude & 0x7FFFFFFF) | ((mpk_vi)sign & (int32_t)0x80000000));
}

#if MPK_LANES == 4 && defined(__x86_64__)
// SSE2 has no rounding instruction, and the compiler's fallback is a library call per lane. From 2^23 on (and for NaN)
// every float is whole; the sign is kept for -0.
MPK_INLINE mpk_v mpk_round_even(mpk_v x) {
    const mpk_v size = mpk_abs(x);
    const mpk_v rounded = (size + 8388608.0f) - 8388608.0f;
    return size < 8388608.0f ? mpk_copysign(rounded, x) : x;
}

MPK_INLINE mpk_v mpk_floor(mpk_v x) {
    const mpk_v rounded = mpk_round_even(x);
    return mpk_copysign(rounded > x ? rounded - 1.0f : rounded, x);
}

MPK_INLINE mpk_v mpk_ceil(mpk_v x) { return -mpk_floor(-x); }
#else
MPK_INLINE mpk_v mpk_round_even(mpk_v x) { return __builtin_elementwise_roundeven(x); }
MPK_INLINE mpk_v mpk_floor(mpk_v x) { return __builtin_elementwise_floor(x); }
MPK_INLINE mpk_v mpk_ceil(mpk_v x) { return __builtin_elementwise_ceil(x); }
#endif

/// exp(x) = (1 + tail) * 2^power with tail = exp(r) - 1, |r| <= ln(2) / 2; x in -104 ... 89 or NaN.
MPK_INLINE mpk_v exp_parts(mpk_v x, mpk_v *power) {
    const mpk_v magic = mpk_splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
    const mpk_v n = mpk_fma(x, mpk_splat(1.44269504f), magic) - magic;
    *power = n;
    mpk_v r = mpk_fma(n, mpk_splat(-0.693359375f), x);
    r = mpk_fma(n, mpk_splat(2.12194440e-4f), r);
    mpk_v poly = mpk_splat(1.9875691500e-4f);
    poly = mpk_fma(poly, r, mpk_splat(1.3981999507e-3f));
    poly = mpk_fma(poly, r, mpk_splat(8.3334519073e-3f));
    poly = mpk_fma(poly, r, mpk_splat(4.1665795894e-2f));
    poly = mpk_fma(poly, r, mpk_splat(1.6666665459e-1f));
    poly = mpk_fma(poly, r, mpk_splat(5.0000001201e-1f));
    return mpk_fma(poly, r * r, r);
}

MPK_INLINE mpk_v mpk_exp(mpk_v x) {
    x = mpk_min(mpk_splat(89.0f), mpk_max(mpk_splat(-104.0f), x));
    mpk_v power;
    const mpk_v tail = exp_parts(x, &power);
    return mpk_scale_by_power(tail + 1.0f, power);
}

/// exp(x) - 1 without cancellation near zero.
MPK_INLINE mpk_v mpk_expm1(mpk_v x) {
    x = mpk_min(mpk_splat(89.0f), mpk_max(mpk_splat(-104.0f), x));
    mpk_v power;
    const mpk_v tail = exp_parts(x, &power);
    const mpk_v far = mpk_scale_by_power(tail + 1.0f, power) - 1.0f;
    return power == 0.0f ? tail : far;
}

MPK_INLINE mpk_v mpk_log(mpk_v x) {
    const mpk_vi tiny = x < 1.17549435e-38f;
    const mpk_v scaled = tiny ? x * 8388608.0f : x;
    mpk_vi exponent = (((mpk_vi)scaled >> 23) & 0xFF) - 126;
    exponent = tiny ? exponent - 23 : exponent;
    mpk_v m = (mpk_v)(((mpk_vi)scaled & 0x007FFFFF) | 0x3F000000);  // 0.5 ..< 1
    const mpk_vi low = m < 0.707106781f;
    exponent = low ? exponent - 1 : exponent;
    m = low ? m + m : m;
    m -= 1.0f;
    const mpk_v n = __builtin_convertvector(exponent, mpk_v);
    mpk_v poly = mpk_splat(7.0376836292e-2f);
    poly = mpk_fma(poly, m, mpk_splat(-1.1514610310e-1f));
    poly = mpk_fma(poly, m, mpk_splat(1.1676998740e-1f));
    poly = mpk_fma(poly, m, mpk_splat(-1.2420140846e-1f));
    poly = mpk_fma(poly, m, mpk_splat(1.4249322787e-1f));
    poly = mpk_fma(poly, m, mpk_splat(-1.6668057665e-1f));
    poly = mpk_fma(poly, m, mpk_splat(2.0000714765e-1f));
    poly = mpk_fma(poly, m, mpk_splat(-2.4999993993e-1f));
    poly = mpk_fma(poly, m, mpk_splat(3.3333331174e-1f));
    const mpk_v square = m * m;
    mpk_v y = poly * m * square;
    y = mpk_fma(n, mpk_splat(-2.12194440e-4f), y);
    y = mpk_fma(square, mpk_splat(-0.5f), y);
    mpk_v result = mpk_fma(n, mpk_splat(0.693359375f), m + y);
    result = x == INFINITY ? x : result;
    result = x == 0.0f ? mpk_splat(-INFINITY) : result;
    return x < 0.0f ? mpk_splat(NAN) : (x == x ? result : x);
}

MPK_INLINE mpk_v mpk_tanh(mpk_v x) {
    const mpk_v size = mpk_abs(x), z = x * x;
    mpk_v poly = mpk_splat(-5.70498872745e-3f);
    poly = mpk_fma(poly, z, mpk_splat(2.06390887954e-2f));
    poly = mpk_fma(poly, z, mpk_splat(-5.37397155531e-2f));
    poly = mpk_fma(poly, z, mpk_splat(1.33314422036e-1f));
    poly = mpk_fma(poly, z, mpk_splat(-3.33332819422e-1f));
    const mpk_v near = mpk_fma(poly * z, x, x);
    const mpk_v far = 1.0f - 2.0f / (mpk_exp(size + size) + 1.0f);
    return size < 0.625f ? near : mpk_copysign(far, x);
}

/// exp(-|x|) cannot overflow, and keeps the left tail down to the smallest denormal.
MPK_INLINE mpk_v mpk_sigmoid(mpk_v x) {
    const mpk_v e = mpk_exp(-mpk_abs(x));
    const mpk_v numerator = x < 0.0f ? e : mpk_splat(1.0f);
    return numerator / (1.0f + e);
}

MPK_INLINE mpk_v mpk_erf(mpk_v x) {
    const mpk_v size = mpk_abs(x), t = mpk_min(mpk_splat(4.0f), size), s = t * t;
    mpk_v far = mpk_fma(mpk_splat(-1.72853470e-5f), t, mpk_splat(3.83197126e-4f));
    const mpk_v u = mpk_fma(mpk_splat(-3.88396438e-3f), t, mpk_splat(2.42546219e-2f));
    far = mpk_fma(far, s, u);
    far = mpk_fma(far, t, mpk_splat(-1.06777877e-1f));
    far = mpk_fma(far, t, mpk_splat(-6.34846687e-1f));
    far = mpk_fma(far, t, mpk_splat(-1.28717512e-1f));
    far = mpk_fma(far, t, -t);
    far = 1.0f - mpk_exp(far);
    mpk_v near = mpk_splat(-5.96761703e-4f);
    near = mpk_fma(near, s, mpk_splat(4.99119423e-3f));
    near = mpk_fma(near, s, mpk_splat(-2.67681349e-2f));
    near = mpk_fma(near, s, mpk_splat(1.12819925e-1f));
    near = mpk_fma(near, s, mpk_splat(-3.76125336e-1f));
    near = mpk_fma(near, s, mpk_splat(1.28379166e-1f));
    near = mpk_fma(near, x, x);
    return size < 0.921875f ? near : mpk_copysign(far, x);
}

/// log(1 + exp(x)), relative accuracy in the left tail too.
MPK_INLINE mpk_v mpk_softplus(mpk_v x) {
    const mpk_v e = mpk_exp(-mpk_abs(x)), sum = 1.0f + e;
    // log(sum) * e / (sum - 1) restores the bits of e that the sum lost.
    const mpk_v log1p = sum == 1.0f ? e : mpk_log(sum) * (e / (sum - 1.0f));
    return mpk_max(mpk_splat(0), x) + log1p;
}

/// x * tanh(log(1 + exp(x))) = x * w / (w + 2) with w = e^2 + 2e.
MPK_INLINE mpk_v mpk_mish(mpk_v x) {
    const mpk_v e = mpk_exp(mpk_min(mpk_splat(20.0f), x)), w = mpk_fma(e, e, e + e);
    return x > 20.0f ? x : x * (w / (w + 2.0f));
}
