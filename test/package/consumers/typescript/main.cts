import { Alchemist } from 'alchemist-node';

export async function trace(rows: number[][]): Promise<number> {
  const session = await Alchemist.start({ workers: 1 });
  try {
    return await session.trace(await session.send(rows));
  } finally {
    await session.close();
  }
}
