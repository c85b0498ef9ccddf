COPY public.patients (last_name, first_name, dob) FROM stdin;
Reyes	Ann	1962-03-04
L\tee	\N	
\.
SELECT 1;
