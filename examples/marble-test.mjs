// A client and a server in one marble diagram: the network is in memory, and all time is virtual.
import assert from 'node:assert/strict';
import { catchError, delay, of } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { createClient, serve } from 'rxweir';
import { text } from 'rxweir/operators';
import { memoryNetwork } from 'rxweir/testing';

const scheduler = new TestScheduler((actual, expected) => assert.deepEqual(actual, expected));

scheduler.run(({ expectObservable }) => {
  const network = memoryNetwork({ latency: 5 }); // to connect, and for each way
  const client = createClient({ network, timeout: { head: 50 } });

  serve({ network, port: 80 }, ({ path }) => of({ body: path }).pipe(delay(path === '/slow' ? 100 : 10))).subscribe();

  const codeOf = catchError((error) => of(error.code));
  const get = (/** @type {string} */ path) => client.request(`http://weir.example${path}`).pipe(text(), codeOf);

  expectObservable(get('/quick')).toBe(' 25ms (a|)', { a: '/quick' }); //        5 + 5 + 10 + 5
  expectObservable(get('/slow')).toBe('  55ms (a|)', { a: 'TIMEOUT_HEAD' }); // 5 + 50
  expectObservable(get('/quick'), '10ms ^ 5ms !').toBe(''); //                  unsubscribed: no answer
});

console.log('the diagrams are right');
