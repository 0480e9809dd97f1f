import { z } from "zod";

/** A contact, as the CRM gives it. */
export const contactSchema = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  /** In milliseconds since 1970; each change of the contact makes it greater. */
  changedAt: z.number(),
});

/** A contact, as the CRM gives it. */
export type Contact = z.infer<typeof contactSchema>;

/** A page of contacts; `next` is the address of the one behind it. */
export const contactPageSchema = z.object({ contacts: z.array(contactSchema), next: z.string().nullable() });
