/** A member of one {@link LinkedList} at a time. The links are the list's. */
export interface Linked<T> {
  previousLink: T | undefined;
  nextLink: T | undefined;
}

/**
 * A list whose members carry the links: adding, removing anywhere and taking the first cost the same few assignments and
 * allocate nothing. Members that come and go by the thousand belong here and not in a `Set`, whose discarded tables keep
 * dead members alive from one collection to the next.
 */
export class LinkedList<T extends Linked<T>> implements Iterable<T> {
  first: T | undefined = undefined;
  last: T | undefined = undefined;
  size = 0;

  /** Adds at the end; the member must be in no list. */
  add(member: T): void {
    member.previousLink = this.last;
    if (this.last === undefined) this.first = member;
    else this.last.nextLink = member;
    this.last = member;
    this.size++;
  }

  /** Whether it was a member. */
  delete(member: T): boolean {
    const { previousLink, nextLink } = member;
    if (previousLink === undefined && this.first !== member) return false;
    if (previousLink === undefined) this.first = nextLink;
    else previousLink.nextLink = nextLink;
    if (nextLink === undefined) this.last = previousLink;
    else nextLink.previousLink = previousLink;
    member.previousLink = undefined;
    member.nextLink = undefined;
    this.size--;
    return true;
  }

  /** In order of arrival; members may be deleted on the way. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let member = this.first; member !== undefined;) {
      const { nextLink } = member;
      yield member;
      member = nextLink;
    }
  }
}
