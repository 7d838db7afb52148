import type { Fields } from '../../operators/http/fields.js';

/**
 * A redirect within what is asked for below `base` becomes one within this server, where that has no base. Any other stays as it is: it
 * leads elsewhere.
 */
export function relocate(fields: Fields, { origin, pathname }: URL): void {
  const location = fields.get('location');
  const path = location === undefined ? undefined : pathWithin(location, origin);
  if (path === undefined) return;
  const prefix = pathname.endsWith('/') ? pathname.slice(0, -1) : pathname;
  const rest = path.slice(prefix.length);
  if (!path.startsWith(prefix) || (rest !== '' && !'/?#'.includes(rest[0] as string))) return;
  const within = rest.startsWith('/') ? rest : `/${rest}`;
  fields.set('location', within.startsWith('//') ? `/.${within}` : within); // two slashes would name a host
}

/** Path, query and fragment of a reference to that origin. */
function pathWithin(location: string, origin: string): string | undefined {
  if (location === origin) return '';
  const path = location.startsWith(`${origin}/`) ? location.slice(origin.length) : location;
  return path.startsWith('/') && (path !== location || !path.startsWith('//')) ? path : undefined;
}
