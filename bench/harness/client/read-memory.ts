/** One piece of memory that all connections of this process read into, one after another: a read is looked at before the next one comes. */
export const readMemory = Buffer.allocUnsafeSlow(256 * 1_024);
