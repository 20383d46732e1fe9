/** Check that the emulator which FIRESTORE_EMULATOR_HOST names is running. */
export async function setup(): Promise<void> {
  const address = process.env.FIRESTORE_EMULATOR_HOST;
  if (!address) {
    throw new Error('FIRESTORE_EMULATOR_HOST is not set: start the Firestore emulator and let it say host:port.');
  }
  await fetch(`http://${address}/`).catch((cause: unknown) => {
    throw new Error(`No Firestore emulator answers at ${address} (FIRESTORE_EMULATOR_HOST).`, { cause });
  });
}
