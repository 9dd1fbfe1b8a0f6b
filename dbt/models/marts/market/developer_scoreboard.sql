{{ company_scoreboard('developer') }}
