import type * as nodemailer from 'nodemailer';
import { lazily } from '../lazily.ts';

export const nodemailerSdk = lazily<typeof nodemailer>('nodemailer');
