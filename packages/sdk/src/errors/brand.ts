/** A class whose instances are to be recognised; its constructor's parameters do not matter here. */
interface BrandedClass {
  readonly prototype: object;
}

/**
 * Lets `instanceof` recognise instances that another copy of this package made: the prototype carries a mark that all copies
 * share. Subclasses that users write keep the ordinary rule.
 *
 * @param errorClass - the class, from its own static block
 * @param name - its name, unique in this package
 * @example
 * ```ts
 * class Refused extends Error {
 *   static {
 *     brandClass(Refused, "Refused");
 *   }
 * }
 * ```
 */
export function brandClass(errorClass: BrandedClass, name: string): void {
  const mark = Symbol.for(`pawl.error.${name}.1`);
  Object.defineProperty(errorClass.prototype, mark, { value: true });
  Object.defineProperty(errorClass, Symbol.hasInstance, {
    value(this: unknown, candidate: unknown): boolean {
      if (this !== errorClass) return Function.prototype[Symbol.hasInstance].call(this, candidate);
      return typeof candidate === "object" && candidate !== null && mark in candidate;
    },
  });
}
