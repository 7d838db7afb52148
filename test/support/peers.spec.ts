import { describe, expect, it, vi } from 'vitest';
import { findProgram, freePort, needPackage, startProcess } from './peers.js';

const node = process.execPath;

describe('freePort', () => {
  it('never gives one port twice, nor one the kernel may give to somebody else meanwhile', async () => {
    const ports = await Promise.all(Array.from({ length: 300 }, freePort));
    expect(new Set(ports).size).toBe(ports.length);
    expect(Math.max(...ports)).toBeLessThan(32_768);
  });
});

describe('startProcess', () => {
  it('waits for a port and stops by pid', async () => {
    const port = await freePort();
    const peer = await startProcess(node, ['-e', `require('net').createServer().listen(${port}, '127.0.0.1')`], {
      ready: port,
    });
    expect(() => process.kill(peer.pid, 0)).not.toThrow();
    await peer.stop();
    expect(() => process.kill(peer.pid, 0)).toThrow('ESRCH');
  });

  it('waits for a line of output', async () => {
    const peer = await startProcess(node, ['-e', `console.log('up'); setInterval(() => {}, 1000)`], { ready: /up/ });
    expect(peer.output()).toContain('up');
    await peer.stop();
  });

  it('fails with the output of a peer that exits early', async () => {
    const peer = startProcess(node, ['-e', `console.error('no luck'); process.exit(3)`], { ready: /up/ });
    await expect(peer).rejects.toThrow('no luck');
  });

  it('fails for a program that is not there', async () => {
    await expect(startProcess('no-such-program', [], { ready: /up/ })).rejects.toThrow('ENOENT');
  });
});

describe('needPackage', () => {
  it('wants nothing when the program is there', async () => {
    expect(findProgram('sh')).toBeDefined();
    expect(await needPackage('sh')).toBeUndefined();
  });

  it('gives a reason when it cannot be had', async () => {
    vi.stubEnv('PATH', '');
    try {
      expect(await needPackage('no-such-program')).toMatch(/^no-such-program is not installed, and /);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
