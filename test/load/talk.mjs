/**
 * Says again and again what a flood says, as fast as the socket takes it or now and then, until the socket has closed.
 *
 * @param {import('node:net').Socket} socket
 * @param {{ again?: (turn: number) => Buffer | string | undefined; every?: number }} flood
 */
export function talk(socket, { again, every }) {
  if (again === undefined) return;
  let turn = 0;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const more = () => {
    if (socket.destroyed) return;
    const goesOn = socket.write(again(turn++) ?? '');
    if (every !== undefined) timer = setTimeout(more, every);
    else if (goesOn) setImmediate(more);
    else socket.once('drain', more);
  };
  socket.once('close', () => clearTimeout(timer));
  more();
}
