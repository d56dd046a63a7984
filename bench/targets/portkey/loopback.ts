/** Portkey's gateway listens on every address of the machine and has no setting for it. */

const MODULE = `import { Server } from 'node:net';
const { listen } = Server.prototype;
Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, port, '127.0.0.1', rest.find((value) => typeof value === 'function'));
};`;

/** Node's flags that let it listen on loopback only. It costs one function call at the start. */
export const LOOPBACK_FLAGS: readonly string[] = [
  '--import',
  `data:text/javascript,${encodeURIComponent(MODULE)}`,
];
