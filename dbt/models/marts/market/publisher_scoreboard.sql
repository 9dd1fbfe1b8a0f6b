{{ company_scoreboard('publisher') }}
