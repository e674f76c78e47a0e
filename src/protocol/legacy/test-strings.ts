/** The sentences with which driver and workers answer the commands that try a connection out. */

export const driverReceived = (session: number, text: string): string =>
  `The Alchemist driver for session ${session} received: '${text}'.`;

export const driverTestString = (session: number): string =>
  `This is a test string from the Alchemist driver for session ${session}.`;

export const workerReceived = (text: string): string => `Alchemist worker received: '${text}'`;

export const workerTestString = (worker: number): string =>
  `This is a test string from Alchemist worker ${String(worker).padStart(3, '0')}`;
