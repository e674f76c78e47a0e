/** Loaded into the child processes of a study: ends them when the study has gone, however it went. */
if (process.channel) {
  process.channel.unref();
  process.on('disconnect', () => process.exit());
}
