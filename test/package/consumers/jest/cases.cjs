/** What must hold inside jest, where Float64Array, Error and the like are not those of the threads and of Node itself. */
module.exports = ({ Alchemist, AlchemistError }) => {
  let session;
  beforeAll(async () => {
    session = await Alchemist.start({ workers: 2 });
  });
  afterAll(() => session.close());

  test('typed arrays of the test are understood, item types included', async () => {
    const A = await session.send(Float64Array.of(1, 2, 3, 4), { shape: [2, 2] });
    const B = await session.send([Float32Array.of(1, 2), Float32Array.of(3, 4)]);
    const F = await session.send(Float32Array.of(1, 2, 3, 4), { shape: [2, 2] });
    expect([A.dtype, B.shape, F.dtype]).toEqual(['f64', [2, 2], 'f32']);
    expect((await session.fetch(await session.gemm(A, A))).data).toEqual(Float64Array.of(7, 10, 15, 22));
    expect((await session.fetch(await session.gemm(F, F))).data).toEqual(Float32Array.of(7, 10, 15, 22));
  });

  test('results go into arrays of the test', async () => {
    const into = new Float64Array(4);
    await session.fetch(await session.fromFunction(2, 2, (i, j) => 10 * i + j), { into });
    expect(into).toEqual(Float64Array.of(0, 1, 10, 11));
  });

  test('errors that were born in a worker keep their class, code and fields', async () => {
    const [A, B] = [await session.zeros(2, 3), await session.zeros(2, 2)];
    const error = await session.gemm(A, B).catch((caught) => caught);
    expect(error).toBeInstanceOf(AlchemistError);
    expect(error).toMatchObject({ name: 'AlchemistError', code: 'E_SHAPE' });
    await expect(session.load('missing.npy')).rejects.toMatchObject({ code: 'E_FILE' });
  });

  test('signals and progress of the test are understood', async () => {
    await expect(session.zeros(2, 2, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'E_CANCELLED' });
    expect(await session.norm(await session.identity(2), 'one', { signal: new AbortController().signal, onProgress: () => {} })).toBe(1);
  });
};
