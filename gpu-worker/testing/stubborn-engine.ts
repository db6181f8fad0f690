/** @file An engine child that reports one step of whatever it is asked and obeys nothing. */
process.on('message', (message: { type: string; id: number }) => {
  if (message.type !== 'run') return;
  const event = { stage: 'sampling', step: 1, totalSteps: 2 };
  process.send?.({ type: 'progress', id: message.id, event });
});
process.on('disconnect', () => process.exit());
process.send?.({ type: 'ready' });
