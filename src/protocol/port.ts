/** The port that a driver listens on and clients connect to unless told otherwise: that of the Alchemist paper's servers. */
export const DEFAULT_PORT = 24_960;
